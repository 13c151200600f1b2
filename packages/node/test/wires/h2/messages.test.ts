import { callOf, collected, ending, failure } from '../support/calls.ts'
import { describe, expect, it } from 'vitest'
import { h2Origin } from '../support/h2-origin.ts'
import { H2Wire } from '../../../src/http2-client/wire.ts'
import { Readable } from 'node:stream'
import { testCertificates, waitFor } from '@octopus-gateway/testing'
import type { Asked, Collected } from '../support/calls.ts'
import type { Flow } from '../../../src/flow.ts'
import type { H2Origin, StreamHandler } from '../support/h2-origin.ts'
import type { Transport } from '@octopus-gateway/core'

const H2C: Transport = { protocol: 'h2c', tls: null }
const ways = [
  { name: 'h2c', tls: false, transport: H2C },
  { name: 'h2 over TLS', tls: true, transport: { protocol: 'h2', tls: { ca: testCertificates().ca } } as Transport },
]

describe.each(ways)('messages over $name', ({ tls, transport }) => {
  async function start(
    handler: StreamHandler,
  ): Promise<{ origin: H2Origin; wire: H2Wire; ask(asked?: Partial<Asked>): Promise<Collected> }> {
    const origin = await h2Origin(handler, { tls })
    const wire = ending(new H2Wire())
    return { origin, wire, ask: (asked = {}) => collected(wire.send(callOf({ origin: origin.origin, transport, ...asked })).answer) }
  }

  it('carries method, path, authority and fields as they are, duplicates included', async () => {
    let seen: readonly string[] = []
    const { ask } = await start((stream, _headers, raw) => {
      seen = raw
      stream.respond({ ':status': 200, 'x-many': ['a', 'b'], 'set-cookie': ['c=1', 'd=2'] })
      stream.end('body')
    })
    const answer = await ask({
      method: 'OPTIONS',
      target: '/a%2Fb?q=%20',
      headers: ['Host', 'shop.test', 'X-Twice', '1', 'X-Twice', '2', 'Authorization', 'Basic a', 'Authorization', 'Basic b', 'X-Empty', ''],
    })
    expect(seen.slice(0, 8)).toEqual([
      ':method',
      'OPTIONS',
      ':scheme',
      tls ? 'https' : 'http',
      ':authority',
      'shop.test',
      ':path',
      '/a%2Fb?q=%20',
    ])
    expect(seen.slice(8)).toEqual(['x-twice', '1', 'x-twice', '2', 'authorization', 'Basic a, Basic b', 'x-empty', ''])
    expect(answer.status).toBe(200)
    expect(answer.headers.values('x-many')).toEqual(['a', 'b'])
    expect(answer.headers.values('set-cookie')).toEqual(['c=1', 'd=2'])
    expect(answer.headers.flat.some((field) => field.startsWith(':'))).toBe(false)
    expect(answer.body.toString()).toBe('body')
  })

  it('[R14] sends no field of an HTTP/1.1 connection', async () => {
    let seen: readonly string[] = []
    const { ask } = await start((stream, _headers, raw) => {
      seen = raw
      stream.respond({ ':status': 204 }, { endStream: true })
    })
    const dropped = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'http2-settings', 'expect']
    await ask({ headers: ['host', 'a.test', ...dropped.flatMap((name) => [name, 'x']), 'te', 'gzip'] })
    expect(seen.filter((_, i) => i % 2 === 0)).toEqual([':method', ':scheme', ':authority', ':path'])
    await ask({ headers: ['host', 'a.test', 'te', 'trailers'] })
    expect(seen).toContain('te')
  })

  it.each([
    ['a line break in a value', ['x-a', 'b\r\nx-c: d']],
    ['a value that ends in a space', ['x-a', 'b ']],
    ['a character beyond Latin-1', ['x-a', '\u20ac']],
    ['a space in a name', ['x a', 'b']],
    ['a pseudo field', [':path', '/other']],
    ['two lengths', ['content-length', '1', 'content-length', '2']],
  ])('[R22] refuses %s without sending anything', async (_name, fields) => {
    const { origin, wire } = await start((stream) => stream.respond({ ':status': 200 }, { endStream: true }))
    const error = await failure(wire.send(callOf({ origin: origin.origin, transport, headers: ['host', 'a.test', ...fields] })).answer)
    expect(error.code).toBe('BAD_HEADER')
    expect(origin.streams).toHaveLength(0)
  })

  it('refuses a head that is larger than the upstream takes, and the connection stays', async () => {
    const { origin, wire, ask } = await start((stream) => stream.respond({ ':status': 200 }, { endStream: true }))
    const headers = ['host', 'a.test', ...Array.from({ length: 10 }, (_, i) => [`x-${i}`, 'v'.repeat(7_000)]).flat()]
    const error = await failure(wire.send(callOf({ origin: origin.origin, transport, headers })).answer)
    expect(error.code).toBe('HEADERS_TOO_LARGE')
    expect((await ask()).status).toBe(200)
    expect(origin.sessions).toHaveLength(1)
  })

  it.each([
    ['bytes', () => Buffer.from('some bytes')],
    ['a stream', () => Readable.from([Buffer.from('some '), Buffer.from('bytes')])],
  ])('sends %s as the body and gets it back', async (_name, body) => {
    const { ask } = await start((stream) => {
      stream.respond({ ':status': 201 })
      stream.pipe(stream)
    })
    const answer = await ask({ method: 'POST', body: body() })
    expect([answer.status, answer.body.toString()]).toEqual([201, 'some bytes'])
  })

  it('ends the request with its head when there is no body', async () => {
    let ended: boolean | undefined
    const { ask } = await start((stream) => {
      ended = stream.endAfterHeaders
      stream.respond({ ':status': 200 }, { endStream: true })
    })
    await ask({ method: 'POST' })
    expect(ended).toBe(true)
  })

  it('[R23] HEAD, 204 and 304 have no body, and HEAD keeps its length', async () => {
    const { ask } = await start((stream, headers) => {
      const status = headers[':path'] === '/204' ? 204 : headers[':path'] === '/304' ? 304 : 200
      stream.respond({ ':status': status, ...(status === 200 ? { 'content-length': '1234' } : {}) }, { endStream: true })
    })
    const head = await ask({ method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), head.body.length]).toEqual([200, '1234', 0])
    expect((await ask({ target: '/204' })).status).toBe(204)
    expect((await ask({ target: '/304' })).status).toBe(304)
  })

  it('gives trailers with the end', async () => {
    const { ask } = await start((stream) => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'abc', 'x-twice': ['1', '2'] }))
      stream.end('body')
    })
    const answer = await ask()
    expect(answer.body.toString()).toBe('body')
    expect(answer.trailers?.flat).toEqual(['x-sum', 'abc', 'x-twice', '1', 'x-twice', '2'])
  })

  it('gives a small answer as a whole, and none that trailers follow', async () => {
    const { origin, wire } = await start((stream, headers) => {
      stream.respond({ ':status': 200 }, { waitForTrailers: headers[':path'] === '/trailers' })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-a': 'b' }))
      stream.end('body')
    })
    const whole = (await wire.send(callOf({ origin: origin.origin, transport })).answer).body
    await waitFor(() => whole.takeWhole()?.toString() === 'body')
    const { body } = await wire.send(callOf({ origin: origin.origin, transport, target: '/trailers' })).answer
    await waitFor(() => origin.streams[1]!.destroyed)
    expect(body.takeWhole()).toBeNull()
  })

  it('[R30] tells of interim heads and goes on to the answer', async () => {
    const { ask } = await start((stream) => {
      stream.additionalHeaders({ ':status': 100 })
      stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' })
      stream.respond({ ':status': 200 })
      stream.end('ok')
    })
    const interim: [number, string | undefined][] = []
    const answer = await ask({ onInformational: ({ status, headers }) => interim.push([status, headers.get('link')]) })
    expect(interim).toEqual([[103, '</a.css>; rel=preload']])
    expect(answer.body.toString()).toBe('ok')
  })

  it('carries large bodies in both directions at once', async () => {
    const { ask } = await start((stream) => {
      stream.respond({ ':status': 200 })
      stream.pipe(stream)
    })
    const piece = Buffer.alloc(64 * 1024, 'x')
    const answer = await ask({ method: 'POST', body: Readable.from(Array.from({ length: 160 }, () => piece)) })
    expect(answer.body.length).toBe(160 * piece.length)
    expect(answer.body.equals(Buffer.alloc(160 * piece.length, 'x'))).toBe(true)
  })

  it('runs many exchanges on one connection, and keeps it', async () => {
    const { origin, ask } = await start((stream, headers) => {
      stream.respond({ ':status': 200 })
      stream.end(headers[':path'])
    })
    await ask()
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => ask({ target: `/${i}` })))
    expect(answers.map((answer) => answer.body.toString())).toEqual(Array.from({ length: 50 }, (_, i) => `/${i}`))
    expect(origin.sessions).toHaveLength(1)
  })
})

describe('back-pressure', () => {
  it('[R16] an answer that nobody reads stops its upstream, and goes on when it is read', async () => {
    let written = 0
    const origin = await h2Origin((stream) => {
      stream.respond({ ':status': 200 })
      const piece = Buffer.alloc(64 * 1024)
      const more = (): void => {
        while (written < 40 && !stream.destroyed) {
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
    const wire = ending(new H2Wire())
    const { body } = await wire.send(callOf({ origin: origin.origin, transport: H2C })).answer
    const stalled = await stands(() => written)
    expect(stalled).toBeLessThan(20)
    expect((await collected(Promise.resolve(answerOf(body)))).body.length).toBe(40 * 64 * 1024)
  })

  it('[R16] a whole answer of a round size is no cut one: a server of Node that fills the window to the byte ends without END_STREAM', async () => {
    const origin = await h2Origin((stream, headers) => {
      stream.respond({ ':status': 200 })
      let left = Number(headers[':path']!.slice(1))
      const more = (): void => {
        for (; left > 0; left -= 64 * 1024) {
          if (stream.write(Buffer.alloc(64 * 1024))) continue
          left -= 64 * 1024
          stream.once('drain', more)
          return
        }
        stream.end()
      }
      more()
    })
    const wire = ending(new H2Wire())
    for (const kib of [64, 128, 256, 512, 1024, 4096]) {
      const call = callOf({ origin: origin.origin, transport: H2C, target: `/${kib * 1024}` })
      expect((await collected(wire.send(call).answer)).body.length).toBe(kib * 1024)
    }
  })

  it('[R16] an upload that the upstream does not read is not taken from its client', async () => {
    const origin = await h2Origin((stream) => void stream.pause())
    const wire = ending(new H2Wire())
    let read = 0
    const body = new Readable({
      read() {
        read += 1
        this.push(Buffer.alloc(64 * 1024))
      },
    })
    const sending = wire.send(callOf({ origin: origin.origin, transport: H2C, method: 'POST', body }))
    sending.answer.catch(() => {})
    const stalled = await stands(() => read)
    expect(stalled).toBeLessThan(20)
    body.destroy()
    await waitFor(() => origin.streams[0]!.destroyed)
  })
})

function answerOf(body: Flow): { head: never; body: Flow } {
  return { head: { status: 200, headers: null } as never, body }
}

/** The value that a count comes to rest at. */
async function stands(count: () => number): Promise<number> {
  let before = -1
  await waitFor(
    () => {
      const now = count()
      const isSame = now === before && now > 0
      before = now
      return isSame
    },
    { every: 100 },
  )
  return before
}
