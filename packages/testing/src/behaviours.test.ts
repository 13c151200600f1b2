import { describe, expect, test } from 'vitest'
import { rawRequest } from './raw-request.ts'
import { startRawServer } from './raw-server.ts'
import { waitFor } from './wait-for.ts'
import {
  answersEarly,
  closesAfter,
  garbage,
  hang,
  hugeHead,
  interimFirst,
  resetBeforeHead,
  resetMidBody,
  respondWith,
  slowBody,
  slowHead,
} from './behaviours.ts'
import type { RawExchange, RawRequestOptions } from './raw-request.ts'
import type { SocketHandler } from './raw-server.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

async function against(handler: SocketHandler, bytes = GET, options: RawRequestOptions = {}): Promise<RawExchange> {
  await using server = await startRawServer(handler)
  return await rawRequest(server.port, bytes, options)
}

describe('behaviours', () => {
  test('resetBeforeHead resets on connecting or on the request', async () => {
    expect(await against(resetBeforeHead({ after: 'connect' }))).toMatchObject({ ended: 'failed', text: '' })
    expect(await against(resetBeforeHead())).toMatchObject({ ended: 'failed', error: 'ECONNRESET', text: '' })
  })

  test('resetMidBody delivers a part and resets', async () => {
    const exchange = await against(resetMidBody({ length: 50, sent: 7 }))
    expect(exchange).toMatchObject({ ended: 'failed', error: 'ECONNRESET', responses: [] })
    expect(exchange.text).toMatch(/Content-Length: 50\r\n\r\nx{7}$/)
  })

  test('hang answers nothing', async () => {
    expect(await against(hang(), GET, { timeout: 50 })).toMatchObject({ ended: 'timeout', text: '' })
  })

  test('slowHead sends a valid head byte by byte', async () => {
    const started = performance.now()
    const { response } = await against(slowHead({ every: 1 }))
    expect(response.body.toString()).toBe('ok')
    expect(performance.now() - started).toBeGreaterThan(50)
  })

  test('slowBody sends chunks one by one, and never ends when endless', async () => {
    const { response } = await against(slowBody({ chunks: 3, every: 5 }))
    expect(response.body.toString()).toBe('chunk 0\nchunk 1\nchunk 2\n')
    const endless = await against(slowBody({ chunks: 2, every: 5, endless: true }), GET, { timeout: 200 })
    expect(endless).toMatchObject({ ended: 'timeout', responses: [] })
    expect(endless.text).toContain('chunk 1')
  })

  test('garbage is no response', async () => {
    const exchange = await against(garbage())
    expect(exchange).toMatchObject({ ended: 'closed', responses: [] })
    expect(() => exchange.response).toThrow(/this is not HTTP/)
  })

  test('interimFirst sends 1xx before the final response', async () => {
    const { response } = await against(interimFirst({ statuses: [100, 103] }))
    expect(response.status).toBe(200)
    expect(response.interim.map((message) => message.startLine)).toEqual(['HTTP/1.1 100 Interim', 'HTTP/1.1 103 Interim'])
  })

  test('hugeHead sends one field of the size asked for', async () => {
    expect((await against(hugeHead({ bytes: 100_000 }))).response.field('x-huge')).toHaveLength(100_000)
  })

  test('closesAfter keeps alive for exactly that many answers', async () => {
    const exchange = await against(closesAfter(2), GET + GET + GET, { responses: 3 })
    expect(exchange).toMatchObject({ ended: 'closed' })
    expect(exchange.responses.map((response) => response.status)).toEqual([200, 200])
  })

  test('answersEarly answers while the body is missing', async () => {
    const upload = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nstart'
    const { response } = await against(answersEarly({ status: 403, close: true }), upload)
    expect(response).toMatchObject({ status: 403 })
    expect(response.field('connection')).toBe('close')
  })

  test('respondWith sends the bytes as they are', async () => {
    const bytes = 'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 1\r\n\r\n\u00ff'
    const exchange = await against(respondWith(bytes))
    expect(exchange.text).toBe(bytes)
    expect(exchange.response.rawHeaders).toEqual(['Set-Cookie', 'a=1', 'set-cookie', 'b=2', 'Content-Length', '1'])
  })

  test('a raw server shows what each connection sent, and counts connections', async () => {
    await using server = await startRawServer(hang())
    await rawRequest(server.port, 'first', { timeout: 50 })
    await rawRequest(server.port, 'second', { timeout: 50 })
    // What a client sent before it left comes all the same.
    await waitFor(() => server.received.filter((text) => text !== '').length === 2)
    expect(server.received).toEqual(['first', 'second'])
    await waitFor(() => server.connections.open === 0)
    expect(server.connections.accepted).toBe(2)
  })
})
