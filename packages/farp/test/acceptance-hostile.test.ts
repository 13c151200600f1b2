import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { openapiOf, waitFor } from '@octopus-gateway/testing'
import { record, recordOf } from '../src/testing/harness.ts'
import { startBystander, startSite } from './support/site.ts'
import { startOne, startRunning } from './support/running.ts'
import type { Answer } from './support/site.ts'
import type { Running } from './support/running.ts'
import type { Service } from '@octopus-gateway/testing'

// What no service gets away with, through a gateway as it runs.

const good = openapiOf('Good', ['GET /things'])

/** A gateway before one service that does well and one whose document is what a test says. */
async function beside(document: () => Answer, more: object = {}): Promise<{ readonly running: Running; readonly bad: Service }> {
  const healthy = await startOne({ name: 'good', openapi: good })
  const bad = await startSite((path) => {
    const location = { type: 'http', url: '/openapi.json' }
    const schemas = [{ type: 'openapi', spec_version: '3.1.0', content_type: 'application/json', location }]
    if (path === '/_farp/manifest') return { body: { version: '1.0.0', service_name: 'bad', schemas, ...more } }
    if (path === '/openapi.json') return document()
    return path === '/things' ? { body: { path } } : undefined
  })
  // Large documents are sent at every look.
  const farp = { watchInterval: 300 }
  const running = await startRunning({ registries: { static: [recordOf(healthy), record('bad', bad.port)] }, farp })
  return { running, bad }
}

/** It is told why, it is not routed, and its neighbour serves. */
async function expectRefused({ running }: { readonly running: Running }, code: string): Promise<void> {
  expect(running.codes('bad')).toContain(code)
  expect(running.set('bad')!.routes).toEqual([])
  expect(await running.status('/bad/things')).toBe(404)
  expect(await running.status('/good/things')).toBe(200)
}

test('[F13.proto-component] a component called __proto__ is one: prefixed in the merged document, its references follow', async () => {
  const document = JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Proto', version: '1' },
    paths: {
      '/things': {
        get: {
          responses: {
            200: { description: 'ok', content: { 'application/json': { schema: { $ref: '#/components/schemas/__proto__' } } } },
          },
        },
      },
    },
    components: { schemas: { PROTO: { type: 'object', properties: { PROTO: { type: 'string' }, polluted: { const: true } } } } },
  }).replaceAll('"PROTO"', '"__proto__"')
  const { running } = await beside(() => ({ body: document }))
  expect(await running.json('/bad/things')).toEqual({ path: '/things' })
  const merged = await running.admin('/_farp/federated/openapi.json')
  const { schemas } = merged['components'] as { readonly schemas: Readonly<Record<string, { readonly properties: object }>> }
  expect(Object.keys(schemas)).toContain('bad___proto__')
  expect(Object.keys(schemas['bad___proto__']!.properties)).toEqual(['__proto__', 'polluted'])
  const text = JSON.stringify(merged)
  expect(text).toContain('"$ref":"#/components/schemas/bad___proto__"')
  expect(text).not.toContain('"#/components/schemas/__proto__"')
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

test('[F13.redirect-169] a document that redirects to 169.254.169.254, or to a neighbour, is not followed', async () => {
  const internal = await startBystander()
  for (const location of ['http://169.254.169.254/latest/meta-data/', `http://localhost:${internal.port}/openapi.json`]) {
    const refused = await beside(() => ({ status: 302, headers: { location } }))
    await expectRefused(refused, 'ADDRESS_BLOCKED')
  }
  // As a manifest it is no better.
  const moved = await startSite((path) =>
    path === '/_farp/manifest' ? { status: 307, headers: { location: 'http://169.254.169.254/manifest' } } : undefined,
  )
  const running = await startRunning({ registries: { static: [record('bad', moved.port)] } })
  expect(running.codes('bad')).toContain('ADDRESS_BLOCKED')
  expect(running.set('bad')!.routes).toEqual([])
  expect(internal.count).toBe(0)
})

test('[F13.schema-20mb] [F12.4.schema] a schema of 20 MB is not used; the last good one stays', async () => {
  const large = JSON.stringify({ ...good, 'x-padding': 'x'.repeat(20_000_000) })
  await expectRefused(await beside(() => ({ body: large })), 'SCHEMA_UNAVAILABLE')
  let document: string = JSON.stringify(good)
  const { running } = await beside(() => ({ body: document }))
  expect(await running.status('/bad/things')).toBe(200)
  document = large
  await waitFor(() => running.codes('bad').includes('SCHEMA_UNAVAILABLE'))
  expect(await running.status('/bad/things')).toBe(200)
})

test('[F13.gzip-bomb] a document that decodes to a hundred times its size and more is not used', async () => {
  // Over the limit of a schema, and below it.
  for (const size of [60_000_000, 5_000_000]) {
    const bomb = gzipSync(JSON.stringify({ ...good, 'x-padding': 'x'.repeat(size) }))
    expect(bomb.length * 100).toBeLessThan(size)
    await expectRefused(await beside(() => ({ headers: { 'content-encoding': 'gzip' }, body: bomb })), 'SCHEMA_UNAVAILABLE')
  }
  // Honest compression is fine.
  const honest = await beside(() => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(JSON.stringify(good)) }))
  expect(await honest.running.status('/bad/things')).toBe(200)
})
