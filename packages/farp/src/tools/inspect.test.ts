import { closedPort, openapiOf, startFarpService } from '@octopus-gateway/testing'
import { expect, test } from 'vitest'
import { fetchManifestBytes } from './target.ts'
import { inspectService } from './inspect.ts'
import { manifestChecksum } from '../manifest/checksum.ts'
import { schemaHash } from '../schemas/canonical.ts'

const openapi = openapiOf('Orders', ['GET /orders', 'GET /orders/{id}'])

test('shows manifest, schemas, routes and findings as a gateway would have them', async () => {
  const location = { type: 'http', url: '/openapi.json' }
  const schemas = [{ type: 'openapi', spec_version: '3.1.0', content_type: 'application/json', hash: schemaHash(openapi), location }]
  const manifest = { schemas, checksum: manifestChecksum(schemas) }
  await using service = await startFarpService({ name: 'orders', version: 'v1.0.0', instanceId: 'orders-1', openapi, manifest })
  for (const url of [service.origin, `${service.origin}/_farp/manifest`]) {
    const inspection = await inspectService(url)
    const { manifestUrl, set } = inspection
    expect(inspection.manifest?.serviceName).toBe('orders')
    expect(manifestUrl).toBe(`${service.origin}/_farp/manifest`)
    expect(inspection.schemas).toMatchObject([
      { type: 'openapi', verdict: 'verified', operations: 2, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ])
    expect(set!.routes.map(({ path }) => path).sort()).toEqual(['/orders/orders', '/orders/orders/{id}'])
    expect(set!.instances).toMatchObject([{ origin: service.origin, status: 'serving', weight: 100 }])
    expect(set!.findings).toEqual([])
  }
})

test('tells a hash that does not fit, and a host that is not asked', async () => {
  const schemas = [
    {
      type: 'openapi',
      spec_version: '3.1.0',
      hash: 'f'.repeat(64),
      content_type: 'a',
      location: { type: 'inline' },
      inline_schema: openapi,
    },
    { type: 'asyncapi', spec_version: '3.0.0', content_type: 'a', location: { type: 'http', url: 'http://foreign.test/asyncapi.json' } },
  ]
  await using service = await startFarpService({ name: 'orders', openapi, manifest: { schemas, checksum: '' } })
  const inspection = await inspectService(service.origin)
  expect(inspection.schemas.map(({ verdict }) => verdict)).toEqual(['mismatch', 'unavailable'])
  expect(inspection.set!.findings!.map(({ code }) => code)).toEqual(expect.arrayContaining(['FOREIGN_HOST', 'HASH_MISMATCH']))
})

test('a service that is not there, or speaks no FARP, is no crash', async () => {
  const gone = await inspectService(`http://127.0.0.1:${await closedPort()}`)
  expect(gone.manifest).toBeUndefined()
  expect(gone.set?.findings?.map(({ code }) => code)).toContain('INSTANCE_UNREACHABLE')
  await expect(inspectService('ftp://a')).rejects.toThrow(/not an http or https URL/)
  await expect(inspectService('http://u:p@a')).rejects.toThrow(/without credentials/)
})

test('a manifest is fetched within a gateway’s limits', async () => {
  await using service = await startFarpService({ name: 'orders', openapi })
  expect(JSON.parse(Buffer.from(await fetchManifestBytes(service.origin)).toString())).toMatchObject({ service_name: 'orders' })
  await expect(fetchManifestBytes(`${service.origin}/nothing`)).rejects.toThrow(/404/)
})
