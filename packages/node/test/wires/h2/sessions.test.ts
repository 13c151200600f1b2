import { callOf, collected, ending, failure } from '../support/calls.ts'
import { createServer } from 'node:http2'
import { expect, it, onTestFinished } from 'vitest'
import { FLAG, FRAME, rawH2, setting } from '../support/raw-h2.ts'
import { GatewayError } from '@octopus-gateway/core'
import { h2Origin } from '../support/h2-origin.ts'
import { H2Pool } from '../../../src/http2-client/pool.ts'
import { H2Wire } from '../../../src/http2-client/wire.ts'
import { once } from 'node:events'
import { waitFor } from '@octopus-gateway/testing'
import type { AddressInfo } from 'node:net'
import type { Asked } from '../support/calls.ts'
import type { H2Session } from '../../../src/http2-client/session.ts'
import type { RawH2 } from '../support/raw-h2.ts'
import type { ServerHttp2Stream } from 'node:http2'
import type { Transport } from '@octopus-gateway/core'

const H2C: Transport = { protocol: 'h2c', tls: null }
const ask = (origin: { readonly origin: string }, more: Partial<Asked> = {}): Asked => ({ origin: origin.origin, transport: H2C, ...more })
const MAX_CONCURRENT_STREAMS = 3

it('no connection gets more streams than its upstream allows: there are more connections, and nobody waits', async () => {
  const most = new Map<unknown, number>()
  const origin = await h2Origin(
    (stream) => {
      const { session } = stream
      most.set(session, (most.get(session) ?? 0) + 1)
    },
    { settings: { maxConcurrentStreams: 2 } },
  )
  const wire = ending(new H2Wire())
  const sendings = Array.from({ length: 7 }, () => wire.send(callOf(ask(origin))))
  await waitFor(() => origin.streams.length === 7)
  expect([...most.values()].sort()).toEqual([1, 2, 2, 2])
  for (const stream of origin.streams) stream.respond({ ':status': 200 }, { endStream: true })
  for (const sending of sendings) expect((await collected(sending.answer)).status).toBe(200)
  expect((await failureFree(wire.send(callOf(ask(origin))), origin.streams)).status).toBe(200)
  expect(origin.sessions).toHaveLength(4)
})

it('streams go to the least busy connection', async () => {
  const origin = await h2Origin(() => {}, { settings: { maxConcurrentStreams: 3 } })
  const wire = ending(new H2Wire())
  const sendings = Array.from({ length: 4 }, () => wire.send(callOf(ask(origin))))
  await waitFor(() => origin.streams.length === 4)
  for (let i = 0; i < 2; i++) sendings.push(wire.send(callOf(ask(origin))))
  await waitFor(() => origin.streams.length === 6)
  for (const { answer } of sendings) answer.catch(() => {})
  const counts = origin.sessions.map((session) => origin.streams.filter((stream) => stream.session === session).length)
  expect(counts).toEqual([3, 3])
})

it('a limit that the upstream lowers later counts from then on', async () => {
  const origin = await h2Origin(() => {})
  const wire = ending(new H2Wire())
  const kept = wire.send(callOf(ask(origin)))
  await waitFor(() => origin.streams.length === 1)
  const [session] = origin.sessions
  session!.settings({ maxConcurrentStreams: 1 })
  await once(session!, 'localSettings')
  const other = wire.send(callOf(ask(origin)))
  await waitFor(() => origin.streams.length === 2)
  for (const { answer } of [kept, other]) answer.catch(() => {})
  expect(origin.sessions).toHaveLength(2)
})

it('where no further connection can be made, one waits for a free stream, but not for longer than for a connection', async () => {
  const streams: ServerHttp2Stream[] = []
  const server = createServer({ settings: { maxConcurrentStreams: 1 } }, () => {})
  server.on('stream', (stream) => void streams.push(stream))
  server.on('session', (session) => {
    onTestFinished(() => session.destroy())
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  const wire = ending(new H2Wire())
  const first = wire.send(callOf(ask(origin)))
  await waitFor(() => streams.length === 1)
  const patient = wire.send(callOf(ask(origin)))
  const error = await failure(wire.send(callOf(ask(origin, { connectTimeout: 100 }))).answer)
  expect([error.code, error.spec.retry]).toEqual(['UPSTREAM_REFUSED', 'always'])
  streams[0]!.respond({ ':status': 200 }, { endStream: true })
  await first.answer
  await waitFor(() => streams.length === 2)
  streams[1]!.respond({ ':status': 201 }, { endStream: true })
  expect((await patient.answer).head.status).toBe(201)
})

it('a request that was given up while it waited is never sent', async () => {
  let allowed: RawH2 | undefined
  const asked: number[] = []
  const origin = await rawH2(
    (connection, { type, stream }) => {
      allowed = connection
      if (type !== FRAME.headers) return
      asked.push(stream)
      connection.head(stream, 200, {}, FLAG.endStream)
    },
    setting(MAX_CONCURRENT_STREAMS, 0),
  )
  const wire = ending(new H2Wire())
  const sending = wire.send(callOf(ask(origin)))
  const other = wire.send(callOf(ask(origin)))
  await waitFor(() => allowed !== undefined)
  sending.abort(new GatewayError('CLIENT_CLOSED'))
  expect((await failure(sending.answer)).code).toBe('CLIENT_CLOSED')
  allowed!.frame(FRAME.settings, 0, 0, setting(MAX_CONCURRENT_STREAMS, 100))
  expect((await other.answer).head.status).toBe(200)
  expect(asked).toHaveLength(1)
})

it('each transport and each origin has connections of its own', async () => {
  const origin = await h2Origin((stream) => stream.respond({ ':status': 200 }, { endStream: true }))
  const wire = ending(new H2Wire())
  await wire.send(callOf(ask(origin))).answer
  await wire.send(callOf(ask(origin, { transport: { ...H2C } }))).answer
  await wire.send(callOf(ask(origin, { origin: origin.origin.replace('127.0.0.1', 'localhost') }))).answer
  expect(origin.sessions).toHaveLength(3)
})

it('a connection that is idle for long is closed, and a busy one is not', async () => {
  const origin = await h2Origin((stream, headers) => {
    if (headers[':path'] !== '/slow') stream.respond({ ':status': 200 }, { endStream: true })
  })
  const pool = new H2Pool(origin.origin, H2C)
  const session = await new Promise<H2Session>((resolve, reject) => pool.acquire({ connectTimeout: 1_000, begin: resolve, refuse: reject }))
  const stream = session.request({ ':path': '/slow', ':authority': 'a.test' }, true)
  pool.sweep(performance.now() + 61_000)
  expect(session.isOpen).toBe(true)
  stream.close(8)
  await once(stream, 'close')
  session.release()
  pool.sweep(performance.now() + 30_000)
  expect(session.isOpen).toBe(true)
  pool.sweep(performance.now() + 61_000)
  expect(session.isOpen).toBe(false)
  await waitFor(() => pool.isEmpty)
})

it('closing lets exchanges finish, for as long as it may', async () => {
  const origin = await h2Origin((stream) => {
    stream.respond({ ':status': 200 })
    stream.write('first ')
  })
  const wire = new H2Wire()
  const finishing = wire.send(callOf(ask(origin)))
  const { head, body } = await finishing.answer
  const rest = collected(Promise.resolve({ head, body }))
  const closing = wire.close(5_000)
  await waitFor(() => origin.streams.length === 1)
  origin.streams[0]!.end('last')
  expect((await rest).body.toString()).toBe('first last')
  const started = performance.now()
  await closing
  expect(performance.now() - started).toBeLessThan(3_000)
  expect((await failure(wire.send(callOf(ask(origin))).answer)).code).toBe('UPSTREAM_CONNECT')

  const cut = new H2Wire()
  const hanging = await cut.send(callOf(ask(origin))).answer
  const failed = failure(Promise.resolve(hanging))
  await cut.close(50)
  expect((await failed).code).toBe('UPSTREAM_RESET')
})

it('after an answer that never came the connection is asked whether anybody is there', async () => {
  let isAsked = false
  const origin = await rawH2((_connection, { type }) => {
    if (type === FRAME.headers) isAsked = true
  })
  const wire = ending(new H2Wire())
  const sending = wire.send(callOf(ask(origin)))
  const failed = failure(sending.answer)
  await waitFor(() => isAsked)
  sending.abort(new GatewayError('UPSTREAM_TIMEOUT'))
  await failed
  // Nobody answers the ping: the connection is given up, and the next request gets another.
  await waitFor(() => origin.connections.open === 0, { timeout: 8_000 })
}, 12_000)

async function failureFree(sending: ReturnType<H2Wire['send']>, streams: readonly ServerHttp2Stream[]): Promise<{ status: number }> {
  await waitFor(() => streams.length === 8)
  streams[7]!.respond({ ':status': 200 }, { endStream: true })
  return collected(sending.answer)
}
