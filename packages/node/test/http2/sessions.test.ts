import { answerOf, ask, session } from './support/client.ts'
import { constants } from 'node:http2'
import { describe, expect, test } from 'vitest'
import { FRAME_TYPES, frame, headerBlock, rawHttp2, waitFor } from '@octopus-gateway/testing'
import { gauge, running } from '../support/running.ts'
import { once } from 'node:events'
import { service, to } from '../support/upstreams.ts'

const GET = headerBlock([
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'a.test'],
])

async function timed(work: Promise<unknown>): Promise<number> {
  const before = performance.now()
  await work
  return performance.now() - before
}

describe('a session', () => {
  test('says what it takes: a hundred streams, extended CONNECT, no push, a limit of fields', async () => {
    const { port } = await running({ routes: [] }, {})
    const client = session(port)
    const [settings] = (await once(client, 'remoteSettings')) as [Record<string, unknown>]
    expect(settings).toMatchObject({ maxConcurrentStreams: 100, enablePush: false, enableConnectProtocol: true })
    expect(settings['maxHeaderListSize']).toBeGreaterThan(16 * 1024)
  })

  test('a stream more than allowed is refused so that it may be tried again', async () => {
    const up = await service(() => {})
    const { port } = await running(to(up))
    using raw = rawHttp2(port)
    raw.write(...Array.from({ length: 101 }, (_, i) => frame({ type: FRAME_TYPES.headers, flags: 5, stream: 2 * i + 1, payload: GET })))
    const reset = await raw.frame('reset')
    expect([reset.stream, reset.payload.readUInt32BE(0)]).toEqual([201, constants.NGHTTP2_REFUSED_STREAM])
    await waitFor(() => up.count === 100)
  })

  test('[R29] pings that are paced to fit nghttp2 are still too many', async () => {
    const { port } = await running({ routes: [] })
    using raw = rawHttp2(port)
    const ping = frame({ type: FRAME_TYPES.ping, payload: Buffer.alloc(8) })
    const goodbye = (): number | undefined => raw.frames.find(({ type }) => type === FRAME_TYPES.goaway)?.payload.readUInt32BE(4)
    for (let sent = 0; sent < 20_000 && goodbye() === undefined; sent += 400) {
      raw.write(...Array.from({ length: 400 }, () => ping))
      await waitFor(() => goodbye() !== undefined || raw.frames.filter(({ type }) => type === FRAME_TYPES.ping).length >= sent + 400, {
        every: 1,
      })
    }
    expect(goodbye()).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM)
  })

  test('a client of good will may cancel two hundred requests in a row', async () => {
    const up = await service(() => {})
    const { port } = await running(to(up))
    const client = session(port)
    for (let round = 0; round < 4; round++) {
      const streams = Array.from({ length: 50 }, () => client.request({ ':path': '/' }))
      for (const stream of streams) stream.on('error', () => {})
      await waitFor(() => up.count >= (round + 1) * 50)
      for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL)
    }
    await waitFor(() => up.requests.every((request) => request.state === 'aborted'))
    expect(client.destroyed).toBe(false)
  })

  test('an idle one is kept for `keepAlive`; one with a stream is kept', async () => {
    const up = await service((request, response) => {
      if (request.url === '/quick') response.end('x')
      else response.write('begun')
    })
    const { port, gateway } = await running(to(up), { timeouts: { keepAlive: '200ms' } })
    const idle = session(port)
    const busy = session(port)
    await ask(idle, { ':path': '/quick' })
    const stream = busy.request({ ':path': '/slow' })
    await once(stream, 'data')
    await once(idle, 'close')
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 1)
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect([busy.closed, stream.closed]).toEqual([false, false])
    stream.close(constants.NGHTTP2_CANCEL)
    await once(busy, 'close')
  })

  test('a connection that breaks takes all of its requests with it, within 100 ms', async () => {
    const up = await service((_request, response) => void response.write('begun'))
    const { port, gateway } = await running(to(up))
    using raw = rawHttp2(port)
    raw.write(...Array.from({ length: 10 }, (_, i) => frame({ type: FRAME_TYPES.headers, flags: 5, stream: 2 * i + 1, payload: GET })))
    await waitFor(() => raw.frames.filter(({ type }) => type === FRAME_TYPES.data).length === 10)
    raw.socket.resetAndDestroy()
    await waitFor(() => up.requests.every((request) => request.state === 'aborted'), { timeout: 100, every: 2 })
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 0)
  })
})

describe('close', () => {
  test('[R36] an idle session is told and gone at once', async () => {
    const { server, port } = await running({ routes: [] })
    const client = session(port)
    await ask(client)
    const goodbye = once(client, 'goaway')
    expect(await timed(server.close({ grace: '10s' }))).toBeLessThan(3_000)
    expect((await goodbye)[0]).toBe(constants.NGHTTP2_NO_ERROR)
  })

  test('[R36] streams under way finish, new ones are not taken, and nothing waits for the grace', async () => {
    let answer: () => void = () => {}
    const up = await service((_request, response) => {
      response.write('begun ')
      answer = () => void response.end('finished')
    })
    const { server, port } = await running(to(up))
    const client = session(port)
    const answering = answerOf(client.request({ ':path': '/' }))
    await waitFor(() => up.count === 1)
    const goodbye = once(client, 'goaway')
    const closing = server.close({ grace: '10s' })
    await goodbye
    expect(client.closed).toBe(true)
    answer()
    expect((await answering).body).toBe('begun finished')
    expect(await timed(closing)).toBeLessThan(5_000)
  })

  test('[R36] what is not done after the grace is cut, never ended', async () => {
    const up = await service((_request, response) => void response.write('endless'))
    const { server, port, gateway } = await running(to(up))
    using raw = rawHttp2(port)
    raw.write(frame({ type: FRAME_TYPES.headers, flags: 5, stream: 1, payload: GET }))
    await raw.frame('data', 1)
    const took = await timed(server.close({ grace: '200ms' }))
    expect(took).toBeGreaterThanOrEqual(195)
    expect(took).toBeLessThan(5_000)
    expect(raw.frames.filter(({ type, flags }) => type === FRAME_TYPES.data && (flags & 1) !== 0)).toEqual([])
    await waitFor(() => up.requests[0]!.state === 'aborted')
    expect(gauge(gateway, 'octopus_active_connections')).toBe(0)
  })
})
