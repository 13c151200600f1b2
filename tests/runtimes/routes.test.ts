import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closedPort, rawRequest, waitFor } from '@octopus-gateway/testing'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { MIB, sha256, startUpstream, type Echo, type Upstream } from './support/upstream.ts'
import { startWay, WAYS, type RunningWay } from './support/ways.ts'

let upstream: Upstream
let closed: string
beforeAll(async () => {
  assertBuilt('packages/node')
  upstream = await startUpstream()
  closed = `http://127.0.0.1:${await closedPort()}`
})
afterAll(() => upstream[Symbol.asyncDispose]())

async function echoOf(response: Response): Promise<Echo> {
  expect(response.status).toBe(200)
  return (await response.json()) as Echo
}

async function expectProblem(response: Response, status: number, code: string): Promise<void> {
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toMatchObject({ status, code })
}

const isFinish = (phase: string): boolean => phase.startsWith('finish')

// The same routes and the same expectations on every runtime.
describe.each(WAYS)('$title', (way) => {
  let running: RunningWay
  beforeAll(async () => {
    if (way.command !== undefined) running = await startWay(way, upstream.origin, closed)
  })
  afterAll(() => running?.[Symbol.asyncDispose]())

  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(running.origin + path, { redirect: 'manual', ...init })
  /** The phases of a request, once it has finished. */
  const phasesOf = (name: string): Promise<readonly string[]> =>
    waitFor(
      async () => {
        const phases = (await (await get(`/phases/${name}`)).json()) as string[]
        return phases.some(isFinish) && phases
      },
      { what: `the end of request ${name}` },
    )
  const finishesOf = async (name: string): Promise<readonly string[]> => (await phasesOf(name)).filter(isFinish)
  const it = test.skipIf(way.command === undefined)

  it('forwards path and query as they came', async () => {
    const target = '/echo/a%20b/%E2%82%AC;v=1?x=1&x=2&y=%2F'
    expect(await echoOf(await get(target))).toMatchObject({ method: 'GET', url: target, bytes: 0 })
  })

  it('finds the closest route: a literal before a parameter, a host, a method', async () => {
    expect((await echoOf(await get('/users/7'))).url).toBe('/users/7')
    expect((await echoOf(await get('/users/me'))).url).toBe('/literal/users/me')
    expect((await echoOf(await get('/users/me', { method: 'POST' }))).url).toBe('/users/me')
    const hosted = await rawRequest(running.port, 'GET /hosted HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n')
    expect(hosted.response.status).toBe(200)
    expect(hosted.text).toContain('/by-host/hosted')
  })

  it('strips and adds prefixes', async () => {
    expect((await echoOf(await get('/api/v1/items/9?full'))).url).toBe('/internal/v1/items/9?full')
  })

  it('answers 404, 405 and 502 with problem documents', async () => {
    await expectProblem(await get('/nothing'), 404, 'ROUTE_NOT_FOUND')
    await expectProblem(await get('/hosted'), 404, 'ROUTE_NOT_FOUND')
    const refused = await get('/users/7', { method: 'DELETE' })
    expect(refused.headers.get('allow')).toBe('GET, HEAD, POST')
    await expectProblem(refused, 405, 'METHOD_NOT_ALLOWED')
    await expectProblem(await get('/closed'), 502, 'UPSTREAM_CONNECT')
  })

  it('answers 504 when the upstream is silent', async () => {
    await expectProblem(await get('/silent'), 504, 'UPSTREAM_TIMEOUT')
  })

  it('carries bodies of a mebibyte both ways, byte for byte', async () => {
    const sent = await echoOf(await get('/echo/upload', { method: 'PUT', body: MIB }))
    expect(sent).toMatchObject({ method: 'PUT', bytes: MIB.length, sha256: sha256(MIB) })
    const received = await get('/stream/mib')
    expect(sha256(new Uint8Array(await received.arrayBuffer()))).toBe(sha256(MIB))
  })

  it('passes each event on when it comes', async () => {
    const asked = get('/stream/events')
    // Bun sends a head together with the first bytes of its body; the others send it before.
    if (way.title !== 'Bun.serve') await asked
    await upstream.eventsRead()
    upstream.sendEvent('first')
    const response = await asked
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader.read()).value).toBe('data: first\n\n')
    for (const text of ['second', 'third']) {
      upstream.sendEvent(text)
      // The next one is sent only when this one has been read: nothing on the way may hold it back.
      expect((await reader.read()).value).toBe(`data: ${text}\n\n`)
    }
    await reader.cancel()
  })

  it('streams a request body while it is being sent', async () => {
    const before = upstream.requests.length
    const socket = connect(running.port, '127.0.0.1')
    let answer = ''
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text))
    const head = 'POST /stream/upload HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 10\r\nConnection: close\r\n\r\n'
    socket.write(`${head}first`)
    await waitFor(() => upstream.requests.length > before && upstream.received.get('/stream/upload') === 'first', {
      what: 'the first half of the body at the service',
    })
    socket.write('-last')
    await waitFor(() => answer.includes('first-last'), { what: `the answer, after ${JSON.stringify(answer)}` })
    socket.destroy()
  })

  it('tells the service who asked, and nothing of one hop', async () => {
    const socketText =
      'GET /echo/head HTTP/1.1\r\nHost: shop.example\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n'
    const { headers } = JSON.parse((await rawRequest(running.port, socketText)).response.body.toString()) as Echo
    expect(headers['x-hop']).toBeUndefined()
    expect(headers['x-forwarded-host']).toBe('shop.example')
    expect(headers['x-forwarded-for']).toBe(way.isFetch ? undefined : '127.0.0.1')
    expect(headers['x-request-id']).toMatch(/^[\w-]{16,}$/)
    expect(headers['x-from-gateway']).toBe('yes')
  })

  it('passes redirects, cookies, empty answers and HEAD on', async () => {
    const moved = await get('/stream/moved')
    expect([moved.status, moved.headers.get('location')]).toEqual([302, 'http://elsewhere.invalid/'])
    expect(moved.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect((await get('/stream/empty')).status).toBe(204)
    const head = await get('/echo/head', { method: 'HEAD' })
    expect([head.status, head.headers.get('x-service'), await head.text()]).toEqual([200, 'echo', ''])
  })

  it('gives a coded answer to a client that understands it, readable', async () => {
    expect(await (await get('/stream/gzip')).text()).toBe('unpacked')
  })

  it('breaks an answer off where the service broke it off', async () => {
    // A runtime whose server has not sent the head yet may answer 500 instead; what must not be is an answer that looks whole.
    const whole = get('/stream/cut').then(async (response) => response.status === 200 && (await response.text()))
    expect(await whole.catch(() => false)).toBe(false)
  })

  it('runs the phases in order, and a refusal in onRequest skips the upstream', async () => {
    const name = crypto.randomUUID()
    const response = await get('/echo/phases', { headers: { 'x-test': name } })
    const { length } = await response.text()
    expect(response.headers.get('x-phase')).toBe('onResponse')
    expect(await phasesOf(name)).toEqual([
      'request /echo/*',
      'upstream request',
      'upstream response 200',
      'response 200',
      `finish 200 ${length}`,
    ])
    const other = crypto.randomUUID()
    const refused = await get('/echo/phases', { headers: { 'x-test': other, 'x-refuse': '1' } })
    expect([refused.status, await refused.text()]).toEqual([403, 'refused'])
    expect(await phasesOf(other)).toEqual(['request /echo/*', 'response 403', 'finish 403 7'])
  })

  it('runs a Hono middleware with its parameters and the context of the gateway', async () => {
    const passed = await get('/hono/7')
    expect((await echoOf(passed)).url).toBe('/hono/7')
    expect(passed.headers.get('x-middleware')).toBe('7 /hono/:id 0')
    const stopped = await get('/hono/8?stop')
    expect([stopped.status, await stopped.json()]).toEqual([202, { stopped: '8' }])
    const posted = await get('/hono/9', { method: 'POST', body: 'read on the way' })
    expect(await echoOf(posted)).toMatchObject({ method: 'POST', bytes: 15, sha256: sha256(Buffer.from('read on the way')) })
    expect(posted.headers.get('x-middleware')).toBe('9 /hono/:id 15')
  })

  it('ends the exchange when the client leaves before the head', async () => {
    const name = crypto.randomUUID()
    const target = `/stream/${name}/silent`
    const socket = connect(running.port, '127.0.0.1')
    socket.write(`GET ${target} HTTP/1.1\r\nHost: gateway.test\r\nX-Test: ${name}\r\n\r\n`)
    await waitFor(() => upstream.requests.some(({ url }) => url === target), { what: 'the request at the service' })
    socket.destroy()
    await waitFor(() => upstream.aborted(target) === 1, { what: 'the end of the request at the service' })
    expect(await finishesOf(name)).toEqual([expect.stringMatching(/^finish 499 \d+ CLIENT_CLOSED$/)])
  })

  it('ends the exchange when the client leaves in the middle of a body', async () => {
    const name = crypto.randomUUID()
    const target = `/stream/events?${name}`
    const leave = new AbortController()
    const asked = get(target, { headers: { 'x-test': name }, signal: leave.signal })
    await upstream.eventsRead(target)
    upstream.sendEvent('only')
    const response = await asked
    await response.body!.getReader().read()
    leave.abort()
    await waitFor(() => upstream.aborted(target) === 1, { what: 'the end of the stream at the service' })
    expect(await finishesOf(name)).toEqual(['finish 200 12 CLIENT_CLOSED'])
  })

  it('serves functions of its own process', async () => {
    const response = await get('/hello', { method: 'POST', body: 'there' })
    expect([response.status, await response.text(), response.headers.get('x-function')]).toEqual([200, 'hello there', 'POST'])
  })

  it('takes new routes while it serves', async () => {
    await expectProblem(await get('/late'), 404, 'ROUTE_NOT_FOUND')
    expect((await get('/update', { method: 'POST' })).status).toBe(200)
    expect((await get('/late')).status).toBe(200)
  })

  it('counts what it has served', async () => {
    const text = await (await get('/metrics')).text()
    expect(Number(/^octopus_requests_total\{[^}]*route="\/users\/\{id\}"[^}]*\} (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(0)
  })
})
