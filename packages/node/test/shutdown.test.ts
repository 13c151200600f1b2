import { ask, session } from './http2/support/client.ts'
import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FRAME_TYPES, frame, headerBlock, rawHttp2, statusOf, waitFor } from '@octopus-gateway/testing'
import { once } from 'node:events'
import { gauge, running } from './support/running.ts'
import { service, to } from './support/upstreams.ts'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { Socket } from 'node:net'

const GET = 'GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n'

async function open(port: number): Promise<{ socket: Socket; text: () => string }> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (piece) => (text += piece.toString()))
  socket.on('error', () => {})
  await once(socket, 'connect')
  onTestFinished(() => void socket.destroy())
  return { socket, text: () => text }
}

function refused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return once(socket, 'connect')
    .then(
      () => false,
      () => true,
    )
    .finally(() => socket.destroy())
}

async function timed(work: Promise<unknown>): Promise<number> {
  const before = performance.now()
  await work
  return performance.now() - before
}

describe('[R36] shutdown', () => {
  test('first readiness says 503; everything else goes on until `preStopDelay` is over, and then nothing is accepted', async () => {
    const up = await service()
    const { server, port } = await running(to(up))
    const kept = await open(port)
    kept.socket.write(GET)
    await waitFor(() => kept.text().includes('200 OK'))
    const startedAt = performance.now()
    const closing = server.close({ preStopDelay: '400ms', grace: '10s' })
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
    expect((await fetch(`${server.url}/livez`)).status).toBe(200)
    const response = await fetch(`${server.url}/x`)
    expect([response.status, response.headers.get('connection')]).toEqual([200, 'keep-alive'])
    await response.text()
    await closing
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(395)
    expect(await refused(port)).toBe(true)
  })

  test('a request on its way over an idle connection is answered, and told that it was the last', async () => {
    const up = await service()
    const { server, port, gateway } = await running(to(up))
    const clients = await Promise.all(Array.from({ length: 40 }, () => open(port)))
    // Connected to the system, they may not be here yet; those that wait to be accepted go with their listener.
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 40)
    for (const { socket } of clients.slice(0, 30)) socket.write(GET)
    await waitFor(() => up.count === 30)
    await waitFor(() => clients.slice(0, 30).every(({ text }) => text().includes('200 OK')))
    const closing = server.close({ grace: '10s' })
    // Behind the turn in which the listener goes; no sleep, because idle connections are read for a moment only.
    await turn()
    await turn()
    for (const { socket } of clients) socket.write(GET)
    await closing
    expect(up.count).toBe(70)
    for (const { text } of clients) expect(text()).toMatch(/connection: close/i)
  })

  test('every request of a pipeline is answered; only the last one says that the connection ends', async () => {
    const up = await service((request, response) => void setTimeout(() => response.end(request.url), 50))
    const { server, port } = await running(to(up))
    const client = await open(port)
    client.socket.write(GET.repeat(5))
    await waitFor(() => up.count === 5)
    await server.close({ grace: '10s' })
    expect(client.text().match(/HTTP\/1\.1 200/g)).toHaveLength(5)
    expect(client.text().match(/connection: close/gi)).toHaveLength(1)
    expect(client.text().lastIndexOf('HTTP/1.1 200')).toBeLessThan(client.text().search(/connection: close/i))
  })

  test('a head that comes in pieces is waited for as long as pieces come', async () => {
    const up = await service()
    const { server, port } = await running(to(up))
    const client = await open(port)
    client.socket.write(GET.slice(0, 10))
    await sleep(20)
    const closing = server.close({ grace: '10s' })
    for (const end of [14, 20, 25, GET.length]) {
      await sleep(25)
      client.socket.write(GET.slice(end === 14 ? 10 : end === 20 ? 14 : end === 25 ? 20 : 25, end))
    }
    await closing
    expect(client.text()).toContain('200 OK')
  })

  test('HTTP/2 is told in two steps: to open no more streams, and which one was the last; that one finishes', async () => {
    const up = await service((_request, response) => void setTimeout(() => response.end('late'), 100))
    const { server, port } = await running(to(up))
    using raw = rawHttp2(port)
    const head = (stream: number): Buffer =>
      frame({
        type: FRAME_TYPES.headers,
        flags: 5,
        stream,
        payload: headerBlock([
          [':method', 'GET'],
          [':scheme', 'http'],
          [':path', '/x'],
          [':authority', 'a.test'],
        ]),
      })
    raw.write(head(1))
    await waitFor(() => up.count === 1)
    const closing = server.close({ grace: '10s' })
    const goodbyes = (): number[] =>
      raw.frames.filter(({ type }) => type === FRAME_TYPES.goaway).map(({ payload }) => payload.readUInt32BE(0))
    await waitFor(() => goodbyes().length === 1)
    expect(goodbyes()).toEqual([2 ** 31 - 1])
    raw.write(head(3))
    const ping = await raw.frame('ping')
    raw.write(frame({ type: FRAME_TYPES.ping, flags: 1, payload: ping.payload }))
    await closing
    expect(new Set(goodbyes())).toEqual(new Set([2 ** 31 - 1, 1]))
    const heads = raw.frames.filter(({ type }) => type === FRAME_TYPES.headers)
    expect(heads.map(({ stream, payload }) => [stream, statusOf(payload)])).toEqual([[1, 200]])
    expect([up.count, raw.ended]).toEqual([1, 'closed'])
  })

  test('an idle server with kept connections of both versions is closed at once, five times', async () => {
    const up = await service()
    for (let i = 0; i < 5; i++) {
      const { server, port } = await running(to(up))
      const client = await open(port)
      client.socket.write(GET)
      await waitFor(() => client.text().includes('200 OK'))
      expect((await ask(session(port))).status).toBe(200)
      expect(await timed(server.close({ grace: '10s' }))).toBeLessThan(3_000)
    }
  })
})

describe('update', () => {
  test('timeouts and limits hold from then on; what is left out gets its default', async () => {
    const { server, port } = await running({ routes: [] }, { timeouts: { header: '10s' }, limits: { connections: 3 } })
    const kept = [await open(port), await open(port)]
    server.update({ limits: { connections: 1 }, timeouts: { header: '150ms' } })
    kept[0]!.socket.write('GET / HT')
    await waitFor(() => kept[0]!.text().includes('408'), { timeout: 4_000 })
    const more = await open(port)
    await once(more.socket, 'close')
    expect(kept[1]!.socket.destroyed).toBe(false)
    server.update({})
    expect((await fetch(server.url)).status).toBe(404)
  })
})
