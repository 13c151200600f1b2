import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closedPort, rawRequest, type RawResponse } from '@octopus-gateway/testing'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { startUpstream, type Echo, type Upstream } from './support/upstream.ts'
import { startWay, WAYS, type RunningWay } from './support/ways.ts'

const SHOP = 'https://shop.example'

let upstream: Upstream
let closed: string
beforeAll(async () => {
  assertBuilt('packages/node')
  upstream = await startUpstream()
  closed = `http://127.0.0.1:${await closedPort()}`
})
afterAll(() => upstream[Symbol.asyncDispose]())

describe.each(WAYS)('policies · $title', (way) => {
  let running: RunningWay
  beforeAll(async () => {
    if (way.command !== undefined) running = await startWay(way, upstream.origin, closed)
  })
  afterAll(() => running?.[Symbol.asyncDispose]())

  /** Bytes as they come, so that no client undoes a coding. Every caller has a bucket of its own. */
  async function send(path: string, fields: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<RawResponse> {
    const all = { host: 'gateway.test', connection: 'close', 'x-client': crypto.randomUUID(), ...fields }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    return (await rawRequest(running.port, `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)).response
  }
  const ann = { authorization: 'Bearer ann' }
  const it = test.skipIf(way.command === undefined)

  it('refuses who is unknown and who lacks the role, and tells the upstream who the others are', async () => {
    const unknown = await send('/policed/1', { 'x-auth-principal': 'ann' })
    expect([unknown.status, unknown.field('www-authenticate')]).toEqual([401, 'Bearer realm="octopus"'])
    expect((await send('/policed/admin', { authorization: 'Bearer bob' })).status).toBe(403)
    const known = await send('/policed/admin', { ...ann, 'x-auth-principal': 'mallory' })
    expect(known.status).toBe(200)
    expect((JSON.parse(known.body.toString()) as Echo).headers).toMatchObject({ 'x-auth-principal': 'ann', 'x-auth-roles': 'admin' })
  })

  it('gives every answer the id that the upstream got', async () => {
    const answer = await send('/policed/1', ann)
    expect(answer.field('x-request-id')).toMatch(/^[\w-]{16,}$/)
    expect((JSON.parse(answer.body.toString()) as Echo).headers['x-request-id']).toBe(answer.field('x-request-id'))
    expect((await send('/policed/1')).field('x-request-id')).toMatch(/^[\w-]{16,}$/)
  })

  it('counts requests of each client and refuses those beyond the limit', async () => {
    const client = { ...ann, 'x-client': 'same' }
    for (let i = 0; i < 3; i++) expect((await send('/policed/1', client)).status).toBe(200)
    const refused = await send('/policed/1', client)
    expect([refused.status, refused.field('content-type')]).toEqual([429, 'application/problem+json'])
    expect(Number(refused.field('retry-after'))).toBeGreaterThan(0)
    expect((await send('/policed/1', ann)).status).toBe(200)
  })

  it('answers preflights without asking who calls, and lets the named origin read', async () => {
    const asked = { origin: SHOP, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-mine' }
    const preflight = await send('/policed/1', asked, 'OPTIONS')
    expect([preflight.status, preflight.field('access-control-allow-origin')]).toEqual([204, SHOP])
    expect((await send('/policed/1', { ...ann, origin: SHOP })).field('access-control-allow-origin')).toBe(SHOP)
    expect((await send('/policed/1', { ...ann, origin: 'https://evil.example' })).field('access-control-allow-origin')).toBeUndefined()
  })

  it('compresses what is large enough, for clients that want it', async () => {
    const coded = await send('/policed/1', { ...ann, 'accept-encoding': 'gzip' })
    expect([coded.status, coded.field('content-encoding')]).toEqual([200, 'gzip'])
    expect((JSON.parse(gunzipSync(coded.body).toString()) as Echo).url).toBe('/policed/1')
    const plain = await send('/policed/1', ann)
    expect(plain.field('content-encoding')).toBeUndefined()
    expect(plain.field('vary')?.toLowerCase()).toContain('accept-encoding')
  })
})
