import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { ManifestError } from './manifest.ts'
import { parseManifest } from './parse.ts'
import { vectors as read } from '../testing/vectors.ts'

interface Vector {
  readonly name: string
  readonly manifest_json_text: string
  readonly gateway_expected: string
  readonly go_1_0_1: { readonly ok: boolean; readonly stage?: string; readonly error?: string }
}

const vectors = read<readonly Vector[]>('manifest-validation')

function refusal(work: () => unknown): ManifestError | undefined {
  try {
    work()
    return undefined
  } catch (thrown) {
    if (thrown instanceof ManifestError) return thrown
    throw thrown
  }
}

describe('vectors, lenient', () => {
  test.each(vectors)('$name: $gateway_expected', ({ name, manifest_json_text: text, gateway_expected: expected }) => {
    if (expected.startsWith('reject:')) {
      const [code, field] = expected.slice('reject:'.length).split(' ')
      const error = refusal(() => parseManifest(text))
      expect(error?.code).toBe(code)
      if (field !== undefined) expect(error?.field).toBe(field)
      return
    }
    const { findings } = parseManifest(text)
    // The minimal manifest is accepted "as it stands", with the notes that its gaps deserve.
    if (expected === 'accept' && name !== 'octopus-docs-minimal') expect(findings).toEqual([])
    else expect(findings.length).toBeGreaterThan(0)
  })
})

describe('vectors, strict', () => {
  test.each(vectors)('$name', ({ manifest_json_text: text, go_1_0_1: expected }) => {
    const error = refusal(() => parseManifest(text, { mode: 'strict' }))
    expect(error === undefined).toBe(expected.ok)
    if (expected.stage === 'decode') expect(error?.code).toBe('INVALID_MANIFEST')
    else if (expected.error !== undefined) expect(error?.message).toBe(expected.error)
  })
})

test('strict mode in the gateway takes newer minor versions', () => {
  const text = vectors.find(({ name }) => name === 'version-1.1.0-newer-minor')!.manifest_json_text
  expect(parseManifest(text, { mode: 'strict', newerMinor: true }).manifest.version).toBe('1.1.0')
})

test('a missing instance address is fine when discovery knows it', () => {
  const text = vectors.find(({ name }) => name === 'instance-no-address')!.manifest_json_text
  expect(parseManifest(text, { addressKnown: true }).manifest.instance?.status).toBe('healthy')
})

test('a manifest of a name and a URL is enough', () => {
  const { manifest, findings } = parseManifest(
    '{"service_name":"tiny","schemas":[{"type":"openapi","location":{"url":"http://tiny/openapi.json"}}]}',
  )
  expect(manifest.schemas[0]?.location).toEqual({ type: 'http', url: 'http://tiny/openapi.json', headers: new Map() })
  expect(manifest.routing.strategy).toBeUndefined()
  expect(findings.length).toBeGreaterThan(0)
})

test('an inline schema is found beside the location and inside it', () => {
  const beside = parseManifest(
    '{"service_name":"a","schemas":[{"type":"openapi","inline_schema":{"openapi":"3.1.0"},"location":{"type":"inline"}}]}',
  )
  const inside = parseManifest(
    '{"service_name":"a","schemas":[{"type":"openapi","location":{"type":"inline","inline_schema":{"openapi":"3.1.0"}}}]}',
  )
  expect(beside.manifest.schemas[0]?.location).toEqual({ type: 'inline', schema: { openapi: '3.1.0' } })
  expect(inside.manifest.schemas).toEqual(beside.manifest.schemas)
})

describe('vectors, what Go writes by default', () => {
  test.each(['lenient', 'strict'] as const)('%s', (mode) => {
    const { manifest } = parseManifest(read<{ readonly json: string }>('go-default-manifest').json, { mode })
    expect(manifest).toMatchObject({
      version: '1.0.1',
      serviceName: 'user-service',
      instanceId: 'i-1',
      schemas: [],
      capabilities: [],
      routing: { strategy: 'instance', priority: undefined, basePath: '' },
      auth: { schemes: [] },
      checksum: '',
      updatedAt: 1_700_000_000,
    })
  })
})

test('null schemas, the zero structs of Go and unknown members mean nothing', () => {
  const { manifest } = parseManifest(
    '{"version":"1.0.1","service_name":"go","service_version":"1.0.0","instance_id":"i-1","schemas":null,"capabilities":[1,"rest"],"endpoints":{"health":"/health"},' +
      '"routing":{"strategy":"instance"},"auth":{"schemes":null},"webhook":{"retry":{"max_attempts":0}},"updated_at":1700000000,"checksum":"","x-team":"a"}',
  )
  expect(manifest.schemas).toEqual([])
  expect(manifest.capabilities).toEqual(['rest'])
  expect(manifest.auth.schemes).toEqual([])
  expect({ ...manifest.extensions }).toEqual({ 'x-team': 'a' })
})

test('[R38] [F12.13.secret] nothing of webhook is kept, so its secret cannot be shown anywhere', () => {
  const { manifest } = parseManifest(
    '{"service_name":"a","webhook":{"secret":"hunter2-secret","service_webhook":"http://a/hook"},"schemas":[]}',
  )
  expect(JSON.stringify(manifest)).not.toContain('hunter2-secret')
})

test('[R38] [F12.10.segments] [F12.10.subdomain] names that are no path segments are refused', () => {
  for (const name of ['../admin', 'a/b', 'a%2fb', '..', '.', 'a b', 'a\\b', 'a?b', '*', 'a\n']) {
    expect(refusal(() => parseManifest(JSON.stringify({ service_name: name })))?.field, name).toBe('service_name')
  }
  const routing = (value: object): string => JSON.stringify({ service_name: 'a', service_version: '1', instance_id: 'i', routing: value })
  for (const base of ['/a/../b', '/a//b', '/%2e%2e/b', '/a?b', '/a/*', '/:id', '/{id}', 'a\\b']) {
    expect(refusal(() => parseManifest(routing({ strategy: 'custom', base_path: base })))?.field, base).toBe('routing.base_path')
  }
  for (const label of ['a.b', '-a', 'a-', 'A', '*', 'a_b', 'a'.repeat(64)]) {
    expect(refusal(() => parseManifest(routing({ strategy: 'subdomain', subdomain: label })))?.field, label).toBe('routing.subdomain')
  }
  expect(
    refusal(() => parseManifest(JSON.stringify({ service_name: 'a', service_version: '1/..', routing: { strategy: 'versioned' } })))?.field,
  ).toBe('service_version')
  expect(
    refusal(() => parseManifest(JSON.stringify({ service_name: 'a', instance_id: 'a:1', routing: { strategy: 'instance' } })))?.field,
  ).toBe('instance_id')
})

test('[R38] [F12.4.schemas] [F12.7.depth] [F12.7.utf8] deep nesting, bytes that are not UTF-8 and too many schemas are refused', () => {
  const deep = `{"service_name":"a","x-deep":${'['.repeat(70)}${']'.repeat(70)}}`
  expect(refusal(() => parseManifest(deep))?.code).toBe('INVALID_MANIFEST')
  expect(refusal(() => parseManifest(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])))?.code).toBe('INVALID_MANIFEST')
  const schema = { type: 'openapi', location: { url: 'http://a/' } }
  expect(refusal(() => parseManifest(JSON.stringify({ service_name: 'a', schemas: Array.from({ length: 51 }, () => schema) })))?.code).toBe(
    'LIMIT_EXCEEDED',
  )
})

test('[R38] [F12.8.manifest] members named like prototype properties change nothing', () => {
  const { manifest } = parseManifest(
    '{"service_name":"a","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"x-__proto__":1,"schemas":[{"type":"openapi","location":{"url":"http://a/","headers":{"__proto__":"x","constructor":"y"}}}]}',
  )
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  expect(manifest.schemas).toHaveLength(1)
})

test('[R38] [F12.3.dropped] [F12.3.control] [F12.3.silent] location.headers that frame, route or authenticate for others are dropped, and named without their values', () => {
  const headers = {
    Host: 'evil',
    'Content-Length': '1',
    'Transfer-Encoding': 'chunked',
    Connection: 'x-token',
    Cookie: 'c=secret-cookie',
    'Proxy-Authorization': 'secret-proxy',
    'x-bad\r\nname': 'v',
    'x-inject': 'a\r\nx-b: secret-inject',
    'X-Token': 'kept',
  }
  const { manifest, findings } = parseManifest(
    JSON.stringify({ service_name: 'a', schemas: [{ type: 'openapi', location: { url: 'http://a/', headers } }] }),
  )
  const { location } = manifest.schemas[0]!
  expect(location.type === 'http' && [...location.headers]).toEqual([['x-token', 'kept']])
  const said = findings.map(({ message }) => message).join('\n')
  expect(said).toContain('header "Cookie"')
  expect(said).not.toContain('secret')
  expect(said).not.toContain('\r')
})

test('any JSON gives a manifest or a ManifestError, never another failure', () => {
  const member = fc.constantFrom('version', 'service_name', 'schemas', 'routing', 'instance', 'auth', 'endpoints', 'checksum', '__proto__')
  fc.assert(
    fc.property(fc.dictionary(member, fc.jsonValue({ maxDepth: 4 })), (value) => {
      for (const mode of ['lenient', 'strict'] as const)
        refusal(() => parseManifest(JSON.stringify({ service_name: 'a', ...value }), { mode }))
    }),
    { numRuns: 500 },
  )
})

test('[R38] tags and path rules are few: routes carry all tags, and every path is compared with every rule', () => {
  const routing = (more: object): string => JSON.stringify({ service_name: 'a', routing: more })
  const { manifest, findings } = parseManifest(routing({ tags: Array.from({ length: 101 }, (_, i) => `t${i}`) }))
  expect(manifest.routing.tags).toHaveLength(100)
  expect(findings.map(({ pointer }) => pointer)).toContain('/routing/tags')
  const rules = (count: number): object => ({ path_rules: Array.from({ length: count }, () => ({ pattern: '/a', action: 'exclude' })) })
  expect(parseManifest(routing(rules(100))).manifest.routing.pathRules).toHaveLength(100)
  expect(refusal(() => parseManifest(routing(rules(101))))).toMatchObject({ code: 'VALIDATION', field: 'routing.path_rules' })
})
