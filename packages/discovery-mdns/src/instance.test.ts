import { expect, test } from 'vitest'
import { instanceOf, isLinkLocalOnly, setOf } from './instance.ts'
import { pairsOver } from './text.ts'
import type { Found } from '@octopus-gateway/dns-sd'
import type { Pairs } from './text.ts'
import type { ServiceInstance } from '@octopus-gateway/core'

const FOUND: Found<Pairs> = {
  label: 'label',
  type: '_farp._tcp',
  host: 'box.local',
  port: 80,
  addresses: ['10.0.0.7'],
  text: new Map(),
}

const withText = (...strings: readonly string[]): Found<Pairs> => ({ ...FOUND, text: pairsOver(strings, undefined) })
const one = (...strings: readonly string[]): ServiceInstance | undefined => instanceOf(withText(...strings))

test('an instance with nothing but its place is called by its label', () => {
  expect(one()).toEqual({
    id: 'label',
    service: 'label',
    host: '10.0.0.7',
    port: 80,
    secure: false,
    ready: true,
    weight: 1,
    metadata: { 'mdns.service_type': '_farp._tcp' },
  })
})

test('names of every writer, in their order', () => {
  // Forge: everything under its own name, the type among it.
  const forge = [
    'name=users',
    'version=v2',
    'id=u1',
    'farp.enabled=true',
    'tags=a,b',
    'mdns.service_type=_http._tcp',
    'dc=eu-1',
    'weight=3',
  ]
  expect(one(...forge)).toMatchObject({
    id: 'u1',
    service: 'users',
    version: 'v2',
    zone: 'eu-1',
    weight: 3,
    metadata: { tags: 'a,b', 'farp.enabled': 'true', 'mdns.service_type': '_http._tcp' },
  })
  // The library: its own words, and metadata behind a prefix.
  const library = [
    'farp.enabled=true',
    'farp.id=u1',
    'farp.service=users',
    'farp.status=healthy',
    'farp.meta.version=v1',
    'farp.meta.scheme=https',
  ]
  expect(one(...library)).toMatchObject({
    id: 'u1',
    service: 'users',
    version: 'v1',
    secure: true,
    ready: true,
    metadata: { version: 'v1' },
  })
  expect(one('name=users', 'farp.service=others', 'datacenter=b')).toMatchObject({ service: 'users', zone: 'b' })
  expect(one('farp.status=unhealthy')).toMatchObject({ ready: false })
  expect(one('name=', 'id=')).toMatchObject({ service: 'label', id: 'label' })
  expect(instanceOf({ ...FOUND, type: '_https._tcp' })).toMatchObject({ secure: true })
})

test('TXT: flags, empty keys and sentences say nothing, the first of two counts, and nobody fills the memory', () => {
  const { metadata } = one('flag', '=x', 'two words=1', 'k=1', 'k=2', '__proto__=x', 'e=')!
  expect(Object.entries(metadata)).toEqual([
    ['mdns.service_type', '_farp._tcp'],
    ['k', '1'],
    ['__proto__', 'x'],
    ['e', ''],
  ])
  const many = (prefix: string): string[] => Array.from({ length: 100 }, (_, n) => `${prefix}${n}=v`)
  let pairs = pairsOver(many('k'), undefined)
  for (let round = 0; round < 5; round++) pairs = pairsOver(many(`r${round}-`), pairs)
  expect(pairs.size).toBe(64)
})

test('what is said anew goes over what was said before, and is the same thing where it says nothing new', () => {
  const before = pairsOver(['farp.service=users', 'farp.id=u1', 'farp.status=starting'], undefined)
  const now = pairsOver(['farp.enabled=true', 'farp.id=u1', 'farp.status=healthy', 'farp.last-health=7'], before)
  expect(instanceOf({ ...FOUND, text: now })).toMatchObject({ id: 'u1', service: 'users', ready: true })
  expect(pairsOver(['farp.status=healthy', 'flag'], now)).toBe(now)
})

test.each(['a\nb', ' a', 'a ', 'x'.repeat(256), '\u0000'])('a service cannot be called %j', (name) => {
  expect([one(`name=${name}`), one(`id=${name}`)]).toEqual([undefined, undefined])
})

test('the first IPv4 address, else IPv6; without an address or a port nothing', () => {
  const at = (...addresses: readonly string[]): string | undefined => instanceOf({ ...FOUND, addresses })?.host
  expect([at('fd00::7', '10.0.0.8', '10.0.0.9'), at('fd00::7', 'fd00::8'), at()]).toEqual(['10.0.0.8', 'fd00::7', undefined])
  expect(instanceOf({ ...FOUND, port: 0 })).toBeUndefined()
})

test('a link-local IPv6 address is not used: it is nothing without a zone, for which a URL has no place', () => {
  const at = (...addresses: readonly string[]): Found<Pairs> => ({ ...FOUND, addresses })
  expect(() => new URL('http://[fe80::7%eth0]:80')).toThrow()
  expect(instanceOf(at('fe80::7%eth0'))).toBeUndefined()
  expect(instanceOf(at('fe80::7%eth0', 'fd00::7'))).toMatchObject({ host: 'fd00::7' })
  expect([at('fe80::7%eth0', 'fe80::7%wlan0'), at('fe80::7%eth0', '10.0.0.7'), at()].map(isLinkLocalOnly)).toEqual([true, false, false])
})

test('of two with one id the older one counts, under whatever type', () => {
  const found = [withText('id=a', 'name=users'), { ...withText('id=a', 'name=payments'), type: '_http._tcp', port: 81 }]
  expect(setOf(found, undefined)).toMatchObject([{ id: 'a', service: 'users', port: 80 }])
})

test('[F12.20.allowed-services] of services that may be found no other is, and a claim that is none takes no place', () => {
  const found = [withText('id=a', 'name=payments'), withText('id=a', 'name=users'), withText('id=b', 'name=Users'), withText('id=c')]
  expect(setOf(found, ['users', 'orders'])).toMatchObject([{ id: 'a', service: 'users' }])
  expect(setOf(found, [])).toEqual([])
  expect(setOf(found, undefined).map(({ id }) => id)).toEqual(['b', 'c', 'a'])
})
