import { createGateway, staticDiscovery } from '@octopus-gateway/core'
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { farp } from '@octopus-gateway/farp'
import { openapiOf, startFarpService, waitFor } from '@octopus-gateway/testing'
import type { Gateway } from '@octopus-gateway/core'

/** The protocol's own metrics, without the buckets. */
function figures(gateway: Gateway): Map<string, number> {
  const lines = gateway.metrics.exposition().matchAll(/^(farp_\S+) (\S+)$/gm)
  return new Map([...lines].map(([, name, value]) => [name!, Number(value)] as const).filter(([name]) => !name.includes('_bucket')))
}

const hashed = (document: unknown): string => createHash('sha256').update(JSON.stringify(document)).digest('hex')
const declared = (openapi: object): Record<string, unknown> => ({
  schemas: [{ type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: '/openapi.json' }, hash: hashed(openapi) }],
})

test('the metrics that the protocol names count manifests, schemas and routes', async () => {
  const first = openapiOf('Users', ['GET /users', 'GET /users/{id}'])
  const second = openapiOf('Users', ['GET /users', 'GET /more'])
  await using users = await startFarpService({ name: 'users', openapi: first, manifest: declared(first) })
  await using broken = await startFarpService({ name: 'broken', openapiStatus: 500 })
  const discovery = [staticDiscovery([users, broken].map(({ name, port }) => ({ name, address: '127.0.0.1', port })))]
  await using gateway = createGateway({ discovery, sources: [farp({ watchInterval: '20ms' })] })
  await gateway.synced
  await waitFor(() => gateway.snapshot.routes.length === 2)
  const at = (name: string): number => figures(gateway).get(name) ?? 0
  expect(at('farp_manifest_watch_events_total')).toBe(2)
  expect(at('farp_schema_fetch_total{type="openapi",status="success"}')).toBe(1)
  // A declared hash that was verified is not asked for again.
  await waitFor(() => at('farp_schema_cache_hit_ratio') > 0)
  await waitFor(() => at('farp_schema_fetch_total{type="openapi",status="error"}') > 1)
  expect(at('farp_schema_fetch_total{type="openapi",status="success"}')).toBe(1)
  expect(at('farp_route_updates_total{action="added"}')).toBe(2)

  users.update({ openapi: second, manifest: declared(second) })
  await waitFor(() => gateway.snapshot.routes.some(({ path }) => path === '/users/more'))
  const after = figures(gateway)
  expect(after.get('farp_manifest_watch_events_total')).toBe(3)
  expect(after.get('farp_schema_fetch_total{type="openapi",status="success"}')).toBe(2)
  expect(after.get('farp_route_updates_total{action="added"}')).toBe(3)
  expect(after.get('farp_route_updates_total{action="removed"}')).toBe(1)
  const fetches = [...after].filter(([name]) => name.startsWith('farp_schema_fetch_total')).reduce((sum, [, count]) => sum + count, 0)
  expect(after.get('farp_schema_fetch_duration_seconds_count')).toBe(fetches)
  expect(after.get('farp_schema_fetch_duration_seconds_sum')).toBeGreaterThan(0)
})

test('a schema that has not changed since is one that nobody sent again', async () => {
  const openapi = openapiOf('Users', ['GET /users'])
  await using users = await startFarpService({ name: 'users', openapi })
  const discovery = [staticDiscovery([{ name: 'users', address: '127.0.0.1', port: users.port }])]
  await using gateway = createGateway({ discovery, sources: [farp({ watchInterval: '20ms' })] })
  await gateway.synced
  // This one declares no hash and no entity tag: it is asked for, and comes, again and again.
  await waitFor(() => (figures(gateway).get('farp_schema_fetch_total{type="openapi",status="success"}') ?? 0) > 2)
  expect(figures(gateway).get('farp_schema_cache_hit_ratio')).toBe(0)
  expect(figures(gateway).get('farp_manifest_watch_events_total')).toBe(1)
})
