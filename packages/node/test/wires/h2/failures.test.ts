import { callOf, collected, ending, failure } from '../support/calls.ts'
import { closedPort, startRawServer, waitFor } from '@octopus-gateway/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FLAG, FRAME, rawH2 } from '../support/raw-h2.ts'
import { GatewayError } from '@octopus-gateway/core'
import { h2Origin } from '../support/h2-origin.ts'
import { H2Wire } from '../../../src/http2-client/wire.ts'
import { Readable } from 'node:stream'
import type { Asked } from '../support/calls.ts'
import type { Frame, RawH2 } from '../support/raw-h2.ts'
import type { Transport } from '@octopus-gateway/core'

const H2C: Transport = { protocol: 'h2c', tls: null }
const ask = (origin: { readonly origin: string }, more: Partial<Asked> = {}): Asked => ({ origin: origin.origin, transport: H2C, ...more })

/** A raw origin that does something with each request. */
function onRequest(act: (connection: RawH2, stream: number) => void): ReturnType<typeof rawH2> {
  return rawH2((connection, { type, stream }) => {
    if (type === FRAME.headers) act(connection, stream)
  })
}

describe('no connection', () => {
  it('that is refused is UPSTREAM_CONNECT', async () => {
    const wire = ending(new H2Wire())
    const error = await failure(wire.send(callOf(ask({ origin: `http://127.0.0.1:${await closedPort()}` }))).answer)
    expect([error.code, error.spec.retry]).toEqual(['UPSTREAM_CONNECT', 'always'])
    expect(error.message).toContain('ECONNREFUSED')
  })

  it('that says nothing is given up after the connect timeout', async () => {
    const silent = await startRawServer(() => {})
    onTestFinished(() => silent.close())
    const wire = ending(new H2Wire())
    const started = performance.now()
    const error = await failure(wire.send(callOf(ask(silent, { connectTimeout: 100 }))).answer)
    expect(error.code).toBe('UPSTREAM_CONNECT')
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  it('that speaks HTTP/1.1 is UPSTREAM_PROTOCOL', async () => {
    const http1 = await startRawServer((socket) =>
      socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')),
    )
    onTestFinished(() => http1.close())
    const error = await failure(ending(new H2Wire()).send(callOf(ask(http1))).answer)
    expect(error.code).toBe('UPSTREAM_PROTOCOL')
  })

  it('leaves the body untouched, so that another endpoint can get it', async () => {
    const body = Readable.from([Buffer.from('body')])
    const wire = ending(new H2Wire())
    await failure(wire.send(callOf(ask({ origin: `http://127.0.0.1:${await closedPort()}` }, { method: 'POST', body }))).answer)
    expect(wire.replayable(body)).toBe(true)
    expect([body.destroyed, body.readableDidRead]).toEqual([false, false])
  })
})

describe('a lost connection', () => {
  it('[R21] before the head is UPSTREAM_RESET', async () => {
    const origin = await onRequest(({ socket }) => socket.destroy())
    expect((await failure(ending(new H2Wire()).send(callOf(ask(origin))).answer)).code).toBe('UPSTREAM_RESET')
  })

  it('[R21] in the middle of a body without a length is UPSTREAM_RESET', async () => {
    const origin = await onRequest((connection, stream) => {
      connection.head(stream, 200).data(stream, 'half')
      setImmediate(() => connection.socket.destroy())
    })
    const { head, body } = await ending(new H2Wire()).send(callOf(ask(origin))).answer
    expect(head.status).toBe(200)
    expect((await failure(Promise.resolve({ head, body }))).code).toBe('UPSTREAM_RESET')
  })
})

describe('a connection that ends', () => {
  const goodbye = (connection: RawH2, stream: number): void => {
    connection.goaway(stream, 0)
    connection.socket.end()
  }

  it('[R21] with GOAWAY in the middle of an answer is UPSTREAM_RESET', async () => {
    const origin = await onRequest((connection, stream) => goodbye(connection.head(stream, 200).data(stream, 'half'), stream))
    expect((await failure(ending(new H2Wire()).send(callOf(ask(origin))).answer)).code).toBe('UPSTREAM_RESET')
  })

  it('with GOAWAY behind a whole answer takes nothing from it', async () => {
    const origin = await onRequest((connection, stream) =>
      goodbye(connection.head(stream, 200).data(stream, 'all', FLAG.endStream), stream),
    )
    expect((await collected(ending(new H2Wire()).send(callOf(ask(origin))).answer)).body.toString()).toBe('all')
  })
})

describe('a reset stream', () => {
  it.each([
    [1, 'UPSTREAM_PROTOCOL', 13],
    [2, 'UPSTREAM_RESET', 13],
    [3, 'UPSTREAM_PROTOCOL', 13],
    [4, 'UPSTREAM_RESET', 13],
    [6, 'UPSTREAM_PROTOCOL', 13],
    [7, 'UPSTREAM_REFUSED', undefined],
    [8, 'UPSTREAM_RESET', 1],
    [9, 'UPSTREAM_PROTOCOL', 13],
    [10, 'UPSTREAM_RESET', 13],
    [11, 'UPSTREAM_RESET', 8],
    [12, 'UPSTREAM_RESET', 7],
    [13, 'UPSTREAM_PROTOCOL', undefined],
    [0, 'UPSTREAM_RESET', undefined],
  ])('with code %d before the head is %s, gRPC status %s', async (code, expected, grpcStatus) => {
    const origin = await onRequest((connection, stream) => connection.reset(stream, code))
    const error = await failure(ending(new H2Wire()).send(callOf(ask(origin))).answer)
    expect([error.code, error.spec.grpcStatus]).toEqual([expected, grpcStatus])
    expect(origin.connections.open).toBe(1)
  })

  it.each([
    [0, 'UPSTREAM_RESET'],
    [2, 'UPSTREAM_RESET'],
    [8, 'UPSTREAM_RESET'],
    [11, 'UPSTREAM_RESET'],
  ])('[R21] with code %d before END_STREAM is %s, whatever length was declared', async (code, expected) => {
    for (const fields of [{}, { 'content-length': '10' }, { 'content-length': '4' }]) {
      for (const method of ['GET', 'POST']) {
        const origin = await onRequest((connection, stream) =>
          connection.head(stream, 200, fields).data(stream, 'half').reset(stream, code),
        )
        const body = method === 'POST' ? new Readable({ read() {} }) : null
        const error = await failure(ending(new H2Wire()).send(callOf(ask(origin, { method, body }))).answer)
        expect([error.code, method, fields]).toEqual([expected, method, fields])
      }
    }
  })

  it('[R21] without an error before any of the body is UPSTREAM_RESET', async () => {
    const origin = await onRequest((connection, stream) => connection.head(stream, 200).reset(stream, 0))
    expect((await failure(ending(new H2Wire()).send(callOf(ask(origin))).answer)).code).toBe('UPSTREAM_RESET')
  })

  it('[R21] a piece and the reset that come apart are a cut as well', async () => {
    const origin = await onRequest((connection, stream) => {
      connection.head(stream, 200).data(stream, 'half')
      setTimeout(() => connection.reset(stream, 0), 20)
    })
    const { head, body } = await ending(new H2Wire()).send(callOf(ask(origin))).answer
    expect((await failure(Promise.resolve({ head, body }))).code).toBe('UPSTREAM_RESET')
  })

  it.each([
    ['with its last piece', (connection: RawH2, stream: number) => connection.head(stream, 200).data(stream, 'all', FLAG.endStream)],
    ['behind it', (connection: RawH2, stream: number) => connection.head(stream, 200).data(stream, 'all').data(stream, '', FLAG.endStream)],
    ['with trailers', (connection: RawH2, stream: number) => connection.head(stream, 200).data(stream, 'all').trailers(stream, { t: '1' })],
  ])('without an error after the END_STREAM that came %s takes nothing from the answer', async (_name, answer) => {
    for (const body of [null, new Readable({ read() {} })]) {
      const origin = await onRequest((connection, stream) => answer(connection, stream).reset(stream, 0))
      const method = body === null ? 'GET' : 'POST'
      expect((await collected(ending(new H2Wire()).send(callOf(ask(origin, { method, body }))).answer)).body.toString()).toBe('all')
    }
  })

  it.each([
    ['a reset without an error', (connection: RawH2, stream: number) => connection.reset(stream, 0)],
    ['a clean end', (connection: RawH2, stream: number) => connection.data(stream, '', FLAG.endStream)],
  ])('[R28] of gRPC that misses its trailers is UPSTREAM_RESET: %s', async (_name, end) => {
    const origin = await onRequest((connection, stream) =>
      end(connection.head(stream, 200, { 'content-type': 'application/grpc' }).data(stream, 'message'), stream),
    )
    const error = await failure(ending(new H2Wire()).send(callOf(ask(origin, { method: 'POST', protocol: 'grpc' }))).answer)
    expect(error.code).toBe('UPSTREAM_RESET')
  })

  it('[R28] of gRPC with its status in the head needs no trailers', async () => {
    const origin = await onRequest((connection, stream) =>
      connection.head(stream, 200, { 'content-type': 'application/grpc', 'grpc-status': '5' }, FLAG.endStream),
    )
    const answer = await collected(ending(new H2Wire()).send(callOf(ask(origin, { method: 'POST', protocol: 'grpc' }))).answer)
    expect([answer.headers.get('grpc-status'), answer.trailers]).toEqual(['5', null])
  })

  it('that was refused can be sent again with the body that was read', async () => {
    const bodies: string[] = []
    let asked = 0
    const origin = await rawH2((connection, frame) => {
      if (frame.type !== FRAME.data || (frame.flags & FLAG.endStream) === 0) return
      bodies.push(bodyOf(connection, frame.stream))
      asked += 1
      if (asked === 1) connection.reset(frame.stream, 7)
      else connection.head(frame.stream, 200, {}, FLAG.endStream)
    })
    const wire = ending(new H2Wire())
    const body = Readable.from([Buffer.from('one '), Buffer.from('two')])
    const error = await failure(wire.send(callOf(ask(origin, { method: 'POST', body }))).answer)
    expect([error.code, error.spec.retry, wire.replayable(body)]).toEqual(['UPSTREAM_REFUSED', 'always', true])
    expect((await collected(wire.send(callOf(ask(origin, { method: 'POST', body }))).answer)).status).toBe(200)
    expect(bodies).toEqual(['one two', 'one two'])
    wire.settled(body)
    expect(wire.replayable(body)).toBe(false)
  })

  it('that was refused cannot be sent again when more of its body was read than is kept', async () => {
    const origin = await rawH2((connection, frame) => {
      if (frame.type === FRAME.headers)
        connection.frame(FRAME.windowUpdate, 0, 0, increment()).frame(FRAME.windowUpdate, 0, frame.stream, increment())
      if (frame.type === FRAME.data && (frame.flags & FLAG.endStream) !== 0) connection.reset(frame.stream, 7)
    })
    const wire = ending(new H2Wire())
    const body = Readable.from(Array.from({ length: 9 }, () => Buffer.alloc(32 * 1024)))
    expect((await failure(wire.send(callOf(ask(origin, { method: 'POST', body }))).answer)).code).toBe('UPSTREAM_REFUSED')
    expect(wire.replayable(body)).toBe(false)
  })
})

describe('GOAWAY', () => {
  it('streams above the last one were never looked at, those below finish', async () => {
    const origin = await onRequest((connection, stream) => {
      if (stream === 1) return
      if (connection.frames.length < 100) connection.goaway(1, 0)
      setTimeout(() => connection.head(1, 200).data(1, 'finished', FLAG.endStream), 30)
    })
    const wire = ending(new H2Wire())
    const first = collected(wire.send(callOf(ask(origin))).answer)
    await waitFor(() => origin.connections.open === 1)
    const error = await failure(wire.send(callOf(ask(origin))).answer)
    expect([error.code, error.message]).toEqual(['UPSTREAM_REFUSED', 'the upstream was closing the connection (GOAWAY)'])
    expect((await first).body.toString()).toBe('finished')
  })

  it('the next request goes over another connection', async () => {
    const origin = await onRequest((connection, stream) => connection.head(stream, 200, {}, FLAG.endStream).goaway(stream, 0))
    const wire = ending(new H2Wire())
    for (let i = 1; i <= 4; i++) {
      expect((await collected(wire.send(callOf(ask(origin))).answer)).status).toBe(200)
      // The client ends a connection that was given notice, so its end tells that the notice has come.
      await waitFor(() => origin.connections.open === 0)
    }
    expect(origin.connections.accepted).toBe(4)
  })

  it('with an error breaks accepted streams, and refuses those it does not name', async () => {
    const origin = await onRequest((connection, stream) => {
      if (stream === 3) connection.goaway(1, 11)
    })
    const wire = ending(new H2Wire())
    const [first, second] = await Promise.all([
      failure(wire.send(callOf(ask(origin, { method: 'POST' }))).answer),
      failure(wire.send(callOf(ask(origin, { method: 'POST' }))).answer),
    ])
    expect([first!.code, first!.spec.grpcStatus]).toEqual(['UPSTREAM_RESET', undefined])
    expect(second!.code).toBe('UPSTREAM_REFUSED')
  })
})

describe('giving up', () => {
  it('[R21] while it waits for a connection', async () => {
    const silent = await startRawServer(() => {})
    onTestFinished(() => silent.close())
    const sending = ending(new H2Wire()).send(callOf(ask(silent)))
    sending.abort(new GatewayError('CLIENT_CLOSED'))
    expect((await failure(sending.answer)).code).toBe('CLIENT_CLOSED')
  })

  it.each([
    ['before the head', false],
    ['in the middle of the body', true],
  ])('[R21] %s resets the stream with CANCEL, and the connection stays', async (_name, hasHead) => {
    const origin = await h2Origin((stream) => {
      if (!hasHead) return
      stream.respond({ ':status': 200 })
      stream.write('half')
    })
    const wire = ending(new H2Wire())
    const sending = wire.send(callOf(ask(origin)))
    await waitFor(() => origin.streams.length === 1)
    if (hasHead) await sending.answer
    const failed = failure(sending.answer)
    sending.abort(new GatewayError('CLIENT_CLOSED'))
    expect((await failed).code).toBe('CLIENT_CLOSED')
    await waitFor(() => origin.streams[0]!.rstCode === 8)
    expect(origin.sessions[0]!.destroyed).toBe(false)
  })

  it('[R21] a body that breaks off resets the stream', async () => {
    const origin = await h2Origin((stream) => void stream.resume())
    const body = new Readable({ read() {} })
    body.push('half')
    const sending = ending(new H2Wire()).send(callOf(ask(origin, { method: 'POST', body })))
    await waitFor(() => origin.streams.length === 1)
    body.destroy(new Error('gone'))
    expect((await failure(sending.answer)).code).toBe('CLIENT_CLOSED')
    await waitFor(() => origin.streams[0]!.rstCode === 8)
  })

  it('an answer that comes before the end of the request ends the upload and leaves the body alone', async () => {
    const origin = await h2Origin((stream) => {
      stream.respond({ ':status': 413 })
      stream.end('too large')
    })
    const body = new Readable({ read() {} })
    body.push('part')
    const answer = await collected(ending(new H2Wire()).send(callOf(ask(origin, { method: 'POST', body }))).answer)
    expect([answer.status, answer.body.toString()]).toEqual([413, 'too large'])
    await waitFor(() => origin.streams[0]!.destroyed)
    expect([body.destroyed, body.isPaused()]).toEqual([false, true])
  })

  it('[R29] hundreds of cancels do not cost other requests their connection', async () => {
    const origin = await h2Origin((stream, headers) => {
      if (headers[':path'] !== '/slow') stream.respond({ ':status': 200 }, { endStream: true })
    })
    const wire = ending(new H2Wire())
    const kept = wire.send(callOf(ask(origin, { target: '/slow' })))
    let isBroken = false
    kept.answer.catch(() => {
      isBroken = true
    })
    for (let i = 0; i < 1_500; i++) {
      const sending = wire.send(callOf(ask(origin, { target: '/slow' })))
      const failed = failure(sending.answer)
      await waitFor(() => origin.streams.length >= i + 2, { every: 1 })
      sending.abort(new GatewayError('CLIENT_CLOSED'))
      await failed
    }
    expect((await collected(wire.send(callOf(ask(origin))).answer)).status).toBe(200)
    expect(isBroken).toBe(false)
    expect(origin.sessions.length).toBeGreaterThan(1)
  }, 30_000)
})

it('more bytes than were declared are UPSTREAM_PROTOCOL', async () => {
  const origin = await onRequest((connection, stream) =>
    connection.head(stream, 200, { 'content-length': '2' }).data(stream, 'too many', FLAG.endStream),
  )
  expect((await failure(ending(new H2Wire()).send(callOf(ask(origin))).answer)).code).toBe('UPSTREAM_PROTOCOL')
})

function bodyOf(connection: RawH2, stream: number): string {
  const isOurs = (frame: Frame): boolean => frame.type === FRAME.data && frame.stream === stream
  return Buffer.concat(connection.frames.filter(isOurs).map(({ payload }) => payload)).toString()
}

function increment(): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(1_048_576)
  return bytes
}
