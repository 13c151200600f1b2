import { describe, expect, test } from 'vitest'
import { compareVersions } from './semver.ts'
import { isIntrospection } from './adapters/introspection.ts'
import { matchesGlob } from './adapters/globs.ts'
import { parseAddress } from './address.ts'
import { parseCapabilities, readMetadata, recognise } from './metadata.ts'
import { parseGoDuration } from './duration.ts'
import { clean } from './text.ts'
import { vectors } from './testing/vectors.ts'

describe('vectors', () => {
  test.each(vectors<readonly { address: string; port: number; host: string; resolved_port: number }[]>('address-parsing'))(
    'address $address with port $port',
    ({ address, port, host, resolved_port: resolved }) => {
      expect(parseAddress(address, port)).toMatchObject({ host, port: resolved })
    },
  )
  test.each(vectors<readonly { in: string; out: string[] }[]>('capabilities-parsing'))('capabilities "$in"', ({ in: text, out }) => {
    expect(parseCapabilities(text)).toEqual(out)
  })
  test.each(vectors<readonly { in: string; ms: number | null }[]>('go-duration-parsing'))('duration "$in"', ({ in: text, ms }) => {
    expect(parseGoDuration(text)?.toFixed(6) ?? null).toBe(ms?.toFixed(6) ?? null)
  })
  test.each(vectors<readonly { path: string; excluded: boolean }[]>('introspection-filter'))(
    'introspection $path',
    ({ path, excluded }) => {
      expect(isIntrospection(path)).toBe(excluded)
    },
  )
  test.each(vectors<readonly { pattern: string; path: string; match: boolean }[]>('path-rule-glob'))(
    'glob $pattern $path',
    ({ pattern, path, match }) => {
      expect(matchesGlob(pattern, path)).toBe(match)
    },
  )
})

test('versions in order', () => {
  const ordered = [
    'latest',
    '0.9',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0',
    'v1.0.1',
    '1.10',
    '2',
  ]
  expect(ordered.toReversed().sort(compareVersions)).toEqual(ordered)
  expect(compareVersions('1.0.0+a', 'v1.0.0+b')).toBe(0)
})

test('addresses that are none', () => {
  for (const text of ['', 'a b', 'ftp://a:1', 'http://user@host:80', 'host:99999', 'host', 'http://host/path', 'host:80?x', 'a|b:80'])
    expect(parseAddress(text), text).toBeUndefined()
  expect(parseAddress('::1', 80)).toEqual({ scheme: 'http', host: '::1', port: 80 })
  expect(parseAddress('Users.Example', 80, true)).toEqual({ scheme: 'https', host: 'users.example', port: 80 })
})

test('[F12.8.metadata] metadata in every spelling', () => {
  for (const key of [
    'farp.manifest',
    'farp_manifest',
    'FARP-Manifest',
    'farp.io/manifest',
    'farp.io/manifest-url',
    'farp/manifest',
    'farp.meta.farp.manifest',
  ]) {
    expect(readMetadata({ [key]: ' http://a/ ' }).get('farp.manifest'), key).toBe('http://a/')
  }
  expect(readMetadata({ 'farp-enabled': 'false', 'farp.enabled': 'yes' }).is('farp.enabled')).toBe(true)
  expect(readMetadata(JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>).get('farp.enabled')).toBeUndefined()
})

test('who is asked for a manifest', () => {
  const none = readMetadata({})
  expect(recognise(none, 'static', undefined)).toBe('probe')
  expect(recognise(none, 'consul', undefined)).toBe('no')
  expect(recognise(none, 'consul', true)).toBe('probe')
  expect(recognise(none, 'static', false)).toBe('no')
  expect(recognise(readMetadata({ 'farp.enabled': 'false' }), 'static', undefined)).toBe('no')
  for (const metadata of [
    { farp_enabled: '1' },
    { 'farp.manifest': 'http://a/' },
    { schema_manifest: '{}' },
    { tags: 'a,farp' },
    { 'mdns.service_type': '_farp._tcp' },
  ]) {
    expect(recognise(readMetadata(metadata as unknown as Record<string, string>), 'consul', undefined), JSON.stringify(metadata)).toBe(
      'declared',
    )
  }
})

test('[R38] [F12.19.control] texts from the network lose what forges log lines and terminals', () => {
  expect(clean('a\r\nb\u001b[31m\u0000c\u202ed\u2028e')).toBe('ab[31mcde')
  expect(clean('x'.repeat(1000), 10)).toHaveLength(10)
})

test('[R38] [F12.11.globs] a glob of many wildcards is matched in linear time', () => {
  const start = performance.now()
  expect(matchesGlob(`/${'a*'.repeat(300)}b`, `/${'a'.repeat(1000)}`)).toBe(false)
  expect(matchesGlob(`/${'**/a/'.repeat(200)}b`, `/${'a/'.repeat(1000)}`)).toBe(false)
  expect(performance.now() - start).toBeLessThan(3000)
})
