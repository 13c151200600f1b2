import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { examineManifest } from './examine.ts'
import { ManifestError } from '../manifest/manifest.ts'
import { parseManifest } from '../manifest/parse.ts'
import { schemaHash } from '../schemas/canonical.ts'
import { vectors } from '../testing/vectors.ts'
import type { ParseOptions } from '../manifest/parse.ts'

const openapi = { openapi: '3.1.0', info: {}, paths: { '/a': { get: {} } } }
const good = {
  version: '1.1.0',
  service_name: 'orders',
  service_version: 'v1',
  instance_id: 'orders-1',
  instance: { address: '10.0.0.5:8080', weight: 100 },
  schemas: [
    {
      type: 'openapi',
      spec_version: '3.1.0',
      content_type: 'application/json',
      location: { type: 'inline' },
      inline_schema: openapi,
      hash: schemaHash(openapi),
    },
  ],
  capabilities: ['rest'],
  endpoints: { health: '/health' },
  routing: { strategy: 'service' },
}

async function told(manifest: unknown, options: ParseOptions = {}): Promise<string[]> {
  const { findings } = await examineManifest(JSON.stringify(manifest), { newerMinor: true, ...options })
  return findings.map(({ severity, code, pointer = '' }) => `${severity} ${code} ${pointer}`)
}

test('a good manifest has no findings', async () => {
  for (const mode of ['lenient', 'strict'] as const) expect(await told(good, { mode })).toEqual([])
})

test('every problem is told, each with its place', async () => {
  const [schema] = good.schemas
  const bad = {
    ...good,
    version: '1.9',
    service_name: 'a/b',
    instance_id: '',
    instance: { weight: 101, deployment: { traffic_percent: -1 } },
    schemas: [
      { ...schema, hash: 'f'.repeat(64), spec_version: '' },
      { type: 'soap' },
      'text',
      {
        ...schema,
        location: { type: 'HTTP', url: 'http://a/', headers: { 'x/y~z': 'a', host: 'b' } },
        inline_schema: undefined,
        hash: 'abc',
      },
      { ...schema, inline_schema: { openapi: '9' } },
    ],
    endpoints: {},
    routing: { strategy: 'custom', base_path: '/a/../b', priority: 101 },
    checksum: 'f'.repeat(64),
  }
  const found = await told(bad)
  for (const expected of [
    'info MANIFEST_LENIENT /version',
    'error VALIDATION /service_name',
    'info MANIFEST_LENIENT /instance_id',
    'error VALIDATION /instance/address',
    'info MANIFEST_LENIENT /endpoints/health',
    'info MANIFEST_LENIENT /schemas/0/spec_version',
    'warning HASH_MISMATCH /schemas/0/hash',
    'info MANIFEST_LENIENT /schemas/1/type',
    'info MANIFEST_LENIENT /schemas/2',
    'info MANIFEST_LENIENT /schemas/3/location/type',
    'info MANIFEST_LENIENT /schemas/3/location/headers/x~1y~0z',
    'info MANIFEST_LENIENT /schemas/3/location/headers/host',
    'info MANIFEST_LENIENT /schemas/3/hash',
    'error SCHEMA_INVALID /schemas/4/inline_schema',
    'error VALIDATION /routing/base_path',
    'error CHECKSUM_MISMATCH /checksum',
  ])
    expect(found).toContain(expected)
  expect((await examineManifest(JSON.stringify(bad))).manifest).toBeUndefined()
})

test('strict mode tells everything that the strictest peer would, in one go', async () => {
  const bad = {
    ...good,
    instance_id: '',
    instance: { weight: 101, deployment: {} },
    schemas: [{ type: 'soap', location: { type: 'http' } }],
    endpoints: {},
    routing: { strategy: 'sideways', priority: 101 },
  }
  const errors = (await told(bad, { mode: 'strict' })).filter((line) => line.startsWith('error'))
  expect(errors.map((line) => line.split(' ')[2])).toEqual([
    '/instance_id',
    '/endpoints/health',
    '/instance/address',
    '/instance/weight',
    '/instance/deployment/deployment_id',
    '/routing/strategy',
    '/routing/priority',
    '/schemas/0/type',
    '/schemas/0/spec_version',
    '/schemas/0/location/url',
    '/schemas/0/hash',
    '/schemas/0/content_type',
  ])
  expect(await told({ ...good, capabilities: 'rest', updated_at: 1.5 }, { mode: 'strict' })).toEqual([
    'error INVALID_MANIFEST /capabilities',
    'error INVALID_MANIFEST /updated_at',
  ])
})

test.each(['', '{', '[]', 'null', '{"schemas":{}}'])('%j is refused without a crash', async (text) => {
  const { manifest, findings } = await examineManifest(text)
  expect(manifest).toBeUndefined()
  expect(findings.map(({ severity }) => severity)).toContain('error')
})

interface Vector {
  readonly name: string
  readonly manifest_json_text: string
}

describe('it refuses exactly what parseManifest refuses', () => {
  const verdictOf = (text: string, options: ParseOptions): string | undefined => {
    try {
      parseManifest(text, options)
      return undefined
    } catch (thrown) {
      if (thrown instanceof ManifestError) return thrown.message
      throw thrown
    }
  }
  const agree = async (text: string): Promise<void> => {
    for (const mode of ['lenient', 'strict'] as const) {
      const first = verdictOf(text, { mode })
      const { findings } = await examineManifest(text, { mode })
      const refusals = findings.filter(({ severity, code }) => severity === 'error' && code !== 'SCHEMA_INVALID')
      expect(refusals.length > 0, `${mode} ${text} ${first}`).toBe(first !== undefined)
    }
  }

  test.each(vectors<readonly Vector[]>('manifest-validation'))('vector $name', async (vector) => {
    await agree(vector.manifest_json_text)
  })

  test('for manifests with any member replaced by anything', async () => {
    const names = ['version', 'service_name', 'instance_id', 'instance', 'schemas', 'endpoints', 'routing', 'checksum', 'auth'] as const
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 3 }), (name, value) =>
        agree(JSON.stringify({ ...good, [name]: value })),
      ),
      { numRuns: 200 },
    )
  })
})
