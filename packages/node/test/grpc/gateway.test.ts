import { CallFailed, encodeNote, SERVICE } from './support/notes.ts'
import { closedPort, rawRequest, waitFor } from '@octopus-gateway/testing'
import { describe, expect, it } from 'vitest'
import { FLAG, FRAME, rawH2 } from '../wires/support/raw-h2.ts'
import { framed, rawCall, rawSession } from './support/raw-call.ts'
import { grpcJsClient, grpcJsServer } from './support/grpc-js.ts'
import { h2Origin } from '../wires/support/h2-origin.ts'
import { HeaderList } from '@octopus-gateway/core'
import { running } from '../support/running.ts'
import { through } from './support/way.ts'
import type { Hooks, Plugin, Reply } from '@octopus-gateway/core'
import type { NotesServer } from './support/notes.ts'
import type { ServerHttp2Stream } from 'node:http2'

const UNARY = `/${SERVICE}/Unary`
const NOTE = { text: 'world', count: 1 }
const MESSAGE = framed(encodeNote(NOTE))

function plugin(name: string, hooks: Hooks): Plugin {
  return { name, version: '1.0.0', identity: { name, version: '1.0.0', config: hooks }, setup: () => hooks }
}

const at = (origin: { readonly origin: string }): NotesServer => ({ origin: origin.origin, hanging: () => 0, cancelled: () => 0 })
const deny = (status: number, fields: string[] = []): Plugin =>
  plugin('deny', { onRequest: (): Reply => ({ status, headers: new HeaderList(fields), body: 'no' }) })

describe('decisions of the gateway', () => {
  it('[R1] a denial reaches the client as a status, and nothing reaches the server', async () => {
    const server = await h2Origin(() => {})
    for (const [status, code] of [
      [401, 16],
      [403, 7],
      [429, 8],
    ] as const) {
      const way = await through(at(server), { tls: false, plugins: [deny(status, ['retry-after', '7', 'www-authenticate', 'Bearer'])] })
      const failure = (await grpcJsClient(way.origin)
        .call('Unary', [NOTE])
        .catch((thrown: unknown) => thrown)) as CallFailed
      expect([failure.code, failure.details]).toEqual([code, `HTTP status ${status}`])
      expect(failure.trailer('www-authenticate')).toEqual(['Bearer'])
      expect(failure.trailer('grpc-status-details-bin')).toHaveLength(1)
      expect(way.outcomes[0]).toMatchObject({ status: 200, grpcStatus: code })
    }
    expect(server.streams).toHaveLength(0)
  })

  it('[R1] a route with a middleware carries calls only when its plugin says how', async () => {
    const server = await grpcJsServer({ tls: false })
    let passed = 0
    const middleware: Hooks['middleware'] = async (_c, next) => {
      passed += 1
      await next()
    }
    const refusing = await through(server, { tls: false, plugins: [plugin('web', { middleware })] })
    await expect(grpcJsClient(refusing.origin).call('Unary', [NOTE])).rejects.toMatchObject({ code: 12 })
    const asked: string[] = []
    const onRequest = ({ protocol }: { protocol: string }): void => void asked.push(protocol)
    const carrying = await through(server, {
      tls: false,
      plugins: [plugin('both', { middleware, carries: ['grpc'], onRequest: onRequest as never })],
    })
    expect((await grpcJsClient(carrying.origin).call('Unary', [NOTE])).notes).toHaveLength(1)
    expect([passed, asked]).toEqual([0, ['grpc']])
  })

  it('fields of a route are in the head of an answer, also in one that is trailers only', async () => {
    const routes = [{ path: '/*', upstream: 'up', responseFields: { deprecation: '@1688169599' } }]
    const server = await grpcJsServer({ tls: false })
    const way = await through(server, { tls: false, routes })
    const gone = await through(at({ origin: `http://127.0.0.1:${await closedPort()}` }), { tls: false, routes })
    for (const { origin } of [way, gone]) {
      const { stream, answer } = rawCall(rawSession(origin), UNARY)
      stream.end(MESSAGE)
      expect((await answer).fields).toMatchObject({ deprecation: '@1688169599' })
    }
  })

  it('[R28] what is made here is trailers only: one head that ends the stream', async () => {
    const way = await through(at({ origin: `http://127.0.0.1:${await closedPort()}` }), { tls: false })
    const { stream, answer } = rawCall(rawSession(way.origin), UNARY)
    stream.end(MESSAGE)
    const { status, fields, isTrailersOnly, body } = await answer
    expect([status, isTrailersOnly, body.length]).toEqual([200, true, 0])
    expect(fields['grpc-status']).toBe('14')
    expect(fields['content-type']).toBe('application/grpc')
    expect(JSON.stringify(fields)).not.toMatch(/127\.0\.0\.1|ECONNREFUSED/)
  })

  it('a route that does not exist is UNIMPLEMENTED; another method than POST is refused in HTTP', async () => {
    const way = await through(await grpcJsServer({ tls: false }), { tls: false, routes: [{ path: '/other/*', upstream: 'up' }] })
    await expect(grpcJsClient(way.origin).call('Unary', [NOTE])).rejects.toMatchObject({ code: 12 })
    const { stream, answer } = rawCall(rawSession(way.origin), '/other/x', { ':method': 'GET' })
    stream.end()
    expect((await answer).status).toBe(405)
  })

  it('a client of HTTP/1.1 is told that its call cannot be carried', async () => {
    const { port } = await running({ upstreams: { up: ['http://127.0.0.1:1'] }, routes: [{ path: '/*', upstream: 'up' }] })
    const text = `POST ${UNARY} HTTP/1.1\r\nhost: a.test\r\ncontent-type: application/grpc\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`
    expect((await rawRequest(port, text)).response.status).toBe(501)
  })
})

describe('upstreams', () => {
  it('[R28] trailers only stay trailers only', async () => {
    const server = await h2Origin((stream) =>
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '9', 'grpc-message': 'no', 'x-why': 'so' },
        { endStream: true },
      ),
    )
    const way = await through(at(server), { tls: false })
    const { stream, answer } = rawCall(rawSession(way.origin), UNARY)
    stream.end(MESSAGE)
    const { fields, isTrailersOnly } = await answer
    expect([isTrailersOnly, fields['grpc-status'], fields['grpc-message'], fields['x-why']]).toEqual([true, '9', 'no', 'so'])
  })

  it('[R21] that die in the middle of a stream leave a status behind the messages that came', async () => {
    const server = await h2Origin((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      stream.write(MESSAGE)
      setTimeout(() => server.sockets[0]!.destroy(), 50)
    })
    const way = await through(at(server), { tls: false })
    const failure = (await grpcJsClient(way.origin)
      .call('ServerStream', [NOTE])
      .catch((thrown: unknown) => thrown)) as CallFailed
    expect([failure.code, failure.details, failure.notes]).toEqual([14, 'The upstream closed the connection', [NOTE]])
    await waitFor(() => way.outcomes.length === 1)
    expect([way.outcomes[0]!.error?.code, way.outcomes[0]!.grpcStatus]).toEqual(['UPSTREAM_RESET', 14])
  })

  it('[R28] that end without trailers are UNAVAILABLE, not OK', async () => {
    const server = await h2Origin((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      stream.end(MESSAGE)
    })
    const way = await through(at(server), { tls: false })
    await expect(grpcJsClient(way.origin).call('Unary', [NOTE])).rejects.toMatchObject({ code: 14 })
  })

  it.each([
    [8, 1],
    [11, 8],
    [12, 7],
    [2, 13],
  ])('that reset a running stream with %d are status %d', async (code, expected) => {
    const server = await rawH2((connection, frame) => {
      if (frame.type !== FRAME.data || (frame.flags & FLAG.endStream) === 0) return
      connection.head(frame.stream, 200, { 'content-type': 'application/grpc' }).frame(FRAME.data, 0, frame.stream, MESSAGE)
      setTimeout(() => connection.reset(frame.stream, code), 50)
    })
    const way = await through(at(server), { tls: false })
    await expect(grpcJsClient(way.origin).call('Unary', [NOTE])).rejects.toMatchObject({ code: expected })
  })

  it('[R28] that answer in HTTP are told apart by the table of gRPC', async () => {
    const server = await h2Origin((stream, headers) => {
      stream.respond({ ':status': headers['x-status'] === undefined ? 200 : Number(headers['x-status']), 'content-type': 'text/html' })
      stream.end('<h1>internal: host-7</h1>')
    })
    const way = await through(at(server), { tls: false })
    const client = grpcJsClient(way.origin)
    for (const [status, code] of [
      ['404', 12],
      ['401', 16],
      ['503', 14],
      ['200', 2],
    ] as const) {
      const failure = (await client
        .call('Unary', [NOTE], { fields: [['x-status', status]] })
        .catch((thrown: unknown) => thrown)) as CallFailed
      expect([failure.code, failure.details.includes('host-7')]).toEqual([code, false])
    }
  })

  it('[R15] a call that the upstream refused to look at goes to another, body included', async () => {
    const refusing = await rawH2((connection, frame) => {
      if (frame.type === FRAME.data && (frame.flags & FLAG.endStream) !== 0) connection.reset(frame.stream, 7)
    })
    const server = await grpcJsServer({ tls: false })
    const way = await through(server, {
      tls: false,
      upstreams: { up: [refusing.origin, server.origin] },
    })
    const client = grpcJsClient(way.origin)
    for (let i = 0; i < 4; i++) expect((await client.call('Unary', [NOTE])).notes).toEqual([{ text: 'hello world', count: 2 }])
    expect(refusing.connections.accepted).toBe(1)
  })

  it('[R15] a call that may have run is not made again', async () => {
    let asked = 0
    const breaking = await rawH2((connection, { type }) => {
      if (type !== FRAME.headers) return
      asked += 1
      connection.socket.destroy()
    })
    const way = await through(at(breaking), {
      tls: false,
      upstreams: { up: [breaking.origin, breaking.origin.replace('127.0.0.1', 'localhost')] },
    })
    await expect(grpcJsClient(way.origin, { 'grpc.enable_retries': 0 }).call('Unary', [NOTE])).rejects.toMatchObject({ code: 14 })
    expect(asked).toBe(1)
  })

  it('[R32] a server that says goodbye under load costs no call', async () => {
    const leaving = await h2Origin((stream) => answer(stream))
    const staying = await h2Origin((stream) => answer(stream))
    const way = await through(at(leaving), { tls: false, upstreams: { up: [leaving.origin, staying.origin] } })
    const client = grpcJsClient(way.origin, { 'grpc.enable_retries': 0 })
    const failures: unknown[] = []
    const over = new AbortController()
    const load = Array.from({ length: 8 }, async () => {
      while (!over.signal.aborted) await client.call('Unary', [NOTE]).catch((thrown: unknown) => failures.push(thrown))
    })
    for (let i = 0; i < 5; i++) {
      const before = way.outcomes.length
      await waitFor(() => way.outcomes.length > before + 20)
      for (const session of leaving.sessions) session.close()
    }
    over.abort()
    await Promise.all(load)
    expect(failures).toEqual([])
    expect(leaving.sessions.length).toBeGreaterThan(3)
  })
})

function answer(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.resume()
  stream.end(MESSAGE)
}

describe('deadlines kept by the gateway', () => {
  it('[R28] before the head: DEADLINE_EXCEEDED, and the upstream is given up', async () => {
    const server = await h2Origin((stream) => void stream.resume())
    const way = await through(at(server), { tls: false })
    const { stream, answer: told } = rawCall(rawSession(way.origin), UNARY, { 'grpc-timeout': '200m' })
    stream.end(MESSAGE)
    const { fields, isTrailersOnly } = await told
    expect([fields['grpc-status'], isTrailersOnly]).toEqual(['4', true])
    await waitFor(() => server.streams[0]!.rstCode === 8)
  })

  it('[R28] in the middle of a stream: DEADLINE_EXCEEDED in the trailers, though messages flow', async () => {
    const server = await h2Origin((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      const timer = setInterval(() => stream.write(MESSAGE), 20)
      stream.on('close', () => clearInterval(timer))
    })
    const way = await through(at(server), { tls: false })
    const started = performance.now()
    const { stream, answer: told } = rawCall(rawSession(way.origin), UNARY, { 'grpc-timeout': '300m' })
    stream.end(MESSAGE)
    const { trailers, body } = await told
    expect(trailers['grpc-status']).toBe('4')
    expect(body.length).toBeGreaterThan(0)
    expect(performance.now() - started).toBeLessThan(3_000)
    await waitFor(() => server.streams[0]!.rstCode === 8)
    expect(way.outcomes[0]).toMatchObject({ status: 200, grpcStatus: 4 })
  })

  it('a stream that has begun is not cut by the time for the head, nor by silence', async () => {
    const server = await h2Origin((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.write(MESSAGE)
      setTimeout(() => stream.end(MESSAGE), 600)
    })
    const way = await through(at(server), { tls: false, routing: { timeout: 200 } })
    expect((await grpcJsClient(way.origin).call('ServerStream', [NOTE])).notes).toHaveLength(2)
  })

  it('a stream whose client has nothing to say for long goes on', async () => {
    const server = await h2Origin((stream) => {
      stream.resume()
      stream.on('end', () => answer(stream))
    })
    const way = await through(at(server), { tls: false, routing: { timeout: 200, idleTimeout: 200 } })
    const { stream, answer: told } = rawCall(rawSession(way.origin), UNARY)
    stream.write(MESSAGE)
    setTimeout(() => stream.end(MESSAGE), 700)
    expect((await told).trailers['grpc-status']).toBe('0')
  })

  it('the time of the route holds where the client set none', async () => {
    const server = await h2Origin((stream) => void stream.resume())
    const way = await through(at(server), { tls: false, routing: { timeout: 200 } })
    await expect(grpcJsClient(way.origin).call('Unary', [NOTE])).rejects.toMatchObject({
      code: 4,
      details: 'The upstream did not answer in time',
    })
  })
})

it('[R16] a client that does not read stops the server', async () => {
  let written = 0
  const server = await h2Origin((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    const piece = framed(Buffer.alloc(64 * 1024))
    const more = (): void => {
      while (written < 400) {
        written += 1
        if (!stream.write(piece)) {
          stream.once('drain', more)
          return
        }
      }
      stream.end()
    }
    more()
  })
  const way = await through(at(server), { tls: false })
  const { stream, answer: told } = rawCall(rawSession(way.origin), UNARY)
  stream.end(MESSAGE)
  stream.pause()
  let before = -1
  await waitFor(
    () => {
      const rests = written === before && written > 0
      before = written
      return rests
    },
    { every: 200 },
  )
  expect(written).toBeLessThan(60)
  stream.resume()
  const { body, trailers } = await told
  expect([body.length, trailers['grpc-status']]).toEqual([400 * (64 * 1024 + 5), '0'])
})
