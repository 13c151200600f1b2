import { expect, test } from 'vitest'
import { isLinkLocal, linksOf } from './links.ts'
import type { NetworkInterfaceInfo } from 'node:os'

const common = { netmask: '', mac: '00:00:00:00:00:00' }
const ipv4 = (cidr: string, internal = false): NetworkInterfaceInfo => ({
  ...common,
  family: 'IPv4',
  address: cidr.split('/')[0]!,
  cidr,
  internal,
})
const ipv6 = (cidr: string, scopeid = 0, internal = false): NetworkInterfaceInfo => ({
  ...common,
  family: 'IPv6',
  address: cidr.split('/')[0]!,
  cidr,
  internal,
  scopeid,
})

const MACHINE = {
  lo: [ipv4('127.0.0.1/8', true), ipv6('::1/128', 0, true)],
  eth0: [ipv4('192.168.1.7/24'), ipv4('10.0.0.7/8'), ipv6('fd00::7/64'), ipv6('fe80::7/64', 2)],
  wlan0: [ipv6('2001:db8::8/64'), ipv6('fe80::8/64', 3)],
  veth0: [ipv6('fe80::9/64', 4)],
  tun0: [ipv6('fd01::9/64')],
}

/** Behind `%` in addresses. */
const zone = (name: keyof typeof MACHINE, scopeid: number): string => (process.platform === 'win32' ? String(scopeid) : name)
const waysOf = (wanted?: string): string[] => linksOf(wanted, MACHINE).flatMap(({ ways }) => ways.map(({ at }) => at))

test('every interface but loopback that leads to somebody is used over both families, where it has them', () => {
  expect(waysOf()).toEqual(['192.168.1.7', `::%${zone('eth0', 2)}`, `::%${zone('wlan0', 3)}`])
})

test('a name means both families of an interface, an address its own alone', () => {
  expect(waysOf('eth0')).toEqual(['192.168.1.7', `::%${zone('eth0', 2)}`])
  expect(waysOf('veth0')).toEqual([`::%${zone('veth0', 4)}`])
  expect(waysOf('10.0.0.7')).toEqual(['10.0.0.7'])
  expect([waysOf('fd00::7'), waysOf('FE80::7')]).toEqual([[`::%${zone('eth0', 2)}`], [`::%${zone('eth0', 2)}`]])
  expect([waysOf('lo'), waysOf('127.0.0.1')]).toEqual([['127.0.0.1'], ['127.0.0.1']])
})

test('an interface that was made anew under its name is another one', () => {
  const keysOf = (scopeid: number): string[] =>
    linksOf('eth0', { eth0: [ipv4('10.0.0.7/8'), ipv6('fd00::7/64'), ipv6('fe80::7/64', scopeid)] }).flatMap(({ ways }) =>
      ways.map(({ key }) => key),
    )
  const [again, anew] = [keysOf(2), keysOf(3)]
  expect([keysOf(2), anew[0]]).toEqual([again, again[0]])
  expect(anew[1]).not.toBe(again[1])
})

test('without an address that a question can come from there is no way', () => {
  expect(() => linksOf('tun0', MACHINE)).toThrow(
    /no interface tun0 with an address that multicast can come from.*there are lo, eth0, wlan0, veth0, tun0/,
  )
  expect(() => linksOf('::1', MACHINE)).toThrow(/no interface ::1 /)
  expect(() => linksOf(undefined, { lo: MACHINE.lo })).toThrow(/No network interface but loopback .*name one as interface/)
})

test('near is what is in the networks of a link, of both families; link-local is what names its zone', () => {
  const [eth0] = linksOf('10.0.0.7', MACHINE)
  const near = ['192.168.1.9', '10.9.9.9', 'fd00::9', `fe80::9%${zone('eth0', 2)}`]
  const far = ['192.168.2.9', '127.0.0.1', '169.254.169.254', 'fd01::9', '::1', 'fe80::9', `fe80::9%${zone('wlan0', 3)}`, '', 'users']
  expect(near.filter((address) => !eth0!.holds(address))).toEqual([])
  expect(far.filter((address) => eth0!.holds(address))).toEqual([])
})

test('link-local is fe80::/10', () => {
  expect(['fe80::1', 'FEBF::1', 'fea0::1%eth0'].map(isLinkLocal)).toEqual([true, true, true])
  expect(['fec0::1', 'fe8::1', 'fd00::1', '254.128.0.1', '::fe80:1'].map(isLinkLocal)).toEqual([false, false, false, false, false])
})
