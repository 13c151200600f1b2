import { callOf } from './support/ask.ts'
import { createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Http1Wire } from '../../src/http1-client/wire.ts'
import { once } from 'node:events'
import { onRequest, startRawServer, testCertificates } from '@octopus-gateway/testing'
import { randomBytes } from 'node:crypto'
import { testLife } from './support/test-life.ts'
import { testWire } from './support/test-wire.ts'
import type { AddressInfo, Socket } from 'node:net'

const native = { name: 'native', createWire: () => new Http1Wire(), reusesAtOnce: true }
testWire(native)
testLife(native)

test('garbage that comes with a head is a failure without a head: another instance may be asked', async () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  const sends = async (bytes: string): Promise<unknown> => {
    const origin = await startRawServer(onRequest((_request, socket) => void socket.write(bytes)))
    onTestFinished(() => origin.close())
    const wire = new Http1Wire()
    onTestFinished(() => wire.close(0))
    return wire.send(callOf(origin.origin, {})).answer
  }
  await expect(sends(`${head}zz\r\nhello`)).rejects.toMatchObject({ code: 'UPSTREAM_PROTOCOL' })
  expect(await sends(head)).toMatchObject({ head: { status: 200 } })
})

describe('large bodies', () => {
  const bytes = randomBytes(3 * 1024 * 1024)

  test.each([
    ['with a length', false, false],
    ['in chunks', true, false],
    ['with a length over TLS', false, true],
    ['in chunks over TLS', true, true],
  ])('%s, in packets of any size, to a reader that pauses: every byte, and the connection goes on', async (_title, isChunked, isSecure) => {
    const { ca, server: certificate } = testCertificates()
    const serve = (socket: Socket): void => {
      socket.setNoDelay(true)
      onRequest((_request, again) => void sendInPieces(again, isChunked ? chunked(bytes) : withLength(bytes)))(socket)
    }
    const server = isSecure ? createTlsServer(certificate, serve) : createServer(serve)
    let accepted = 0
    server.on('connection', () => (accepted += 1))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const origin = `${isSecure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`
    const wire = new Http1Wire()
    onTestFinished(() => wire.close(0))
    const transport = { protocol: 'http1', tls: { ca } } as const
    for (let round = 0; round < 4; round++) {
      const { body } = await wire.send(callOf(origin, { transport })).answer
      const pieces: Buffer[] = []
      await new Promise<void>((resolve, reject) => {
        let count = 0
        body.attach({
          chunk(piece) {
            pieces.push(piece)
            count += 1
            if (count % 3 !== 0) return true
            setImmediate(() => body.resume())
            return false
          },
          end: () => resolve(),
          fail: reject,
        })
      })
      expect(Buffer.compare(Buffer.concat(pieces), bytes)).toBe(0)
    }
    expect(accepted).toBe(1)
  })
})

/** Sizes from a few bytes to more than one read, in a fixed order that looks like none. */
function* sizes(): Generator<number> {
  for (let i = 1; ; i = (i * 48_271) % 2_147_483_647) yield i % 5 === 0 ? 1 + (i % 7) : 1 + (i % 150_000)
}

async function sendInPieces(socket: Socket, message: Buffer): Promise<void> {
  const size = sizes()
  for (let at = 0; at < message.length && !socket.destroyed;) {
    const end = at + size.next().value!
    if (!socket.write(message.subarray(at, end))) await once(socket, 'drain')
    else await new Promise((resolve) => setImmediate(resolve))
    at = end
  }
}

function withLength(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body])
}

function chunked(body: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')]
  const size = sizes()
  for (let at = 0; at < body.length;) {
    const piece = body.subarray(at, at + (size.next().value! % 40_000) + 1)
    parts.push(Buffer.from(`${piece.length.toString(16)};n=${at}\r\n`), piece, Buffer.from('\r\n'))
    at += piece.length
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}
