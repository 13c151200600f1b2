import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { echo, openClient, webSocketService } from './support/peers.ts'
import { frame, handshake, rawClient, rawTunnel, switching, watch } from './support/raw.ts'
import { onHead, waitFor } from '@octopus-gateway/testing'
import { rawOrigin, to } from '../support/upstreams.ts'
import { rawPair } from './support/pair.ts'
import { running } from '../support/running.ts'
import type { Raw } from './support/raw.ts'

// The categories of RFC 6455 and RFC 7692 as two independent peers speak them through the gateway, which must not have an opinion on any of it.

async function through(
  handler?: Parameters<typeof webSocketService>[0],
  options?: Parameters<typeof webSocketService>[1],
): Promise<{ port: number }> {
  return running(to(await webSocketService(handler, options)))
}

describe('messages', () => {
  test('text and binary of every length class, empty ones included', async () => {
    const { port } = await through()
    const { socket, messages } = await openClient(port)
    const lengths = [0, 1, 125, 126, 127, 128, 65_535, 65_536, 1_000_000]
    for (const length of lengths) {
      socket.send('é'.repeat(length))
      socket.send(Buffer.alloc(length, 7))
    }
    await waitFor(() => messages.length === lengths.length * 2, { timeout: 5_000 })
    for (const [i, length] of lengths.entries()) {
      expect(messages[2 * i]!.isBinary).toBe(false)
      expect(messages[2 * i]!.data.toString() === 'é'.repeat(length)).toBe(true)
      expect(messages[2 * i + 1]!.isBinary).toBe(true)
      expect(messages[2 * i + 1]!.data.equals(Buffer.alloc(length, 7))).toBe(true)
    }
  })

  test('16 MiB in one message, both ways, byte for byte', async () => {
    const { port } = await through(echo, { maxPayload: 64 * 1024 * 1024 })
    const { socket, messages } = await openClient(port, '/', { maxPayload: 64 * 1024 * 1024 })
    const big = randomBytes(16 * 1024 * 1024)
    socket.send(big)
    await waitFor(() => messages.length === 1, { timeout: 10_000 })
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
    expect(digest(messages[0]!.data)).toBe(digest(big))
  })

  test('fragments, with control frames between them', async () => {
    const { port } = await through((socket) => {
      echo(socket)
      socket.on('ping', () => socket.send('pinged'))
    })
    const raw = await rawTunnel(port)
    raw.socket.write(frame(1, 'frag', { isFinal: false }))
    raw.socket.write(frame(9, 'mid'))
    raw.socket.write(frame(0, 'men', { isFinal: false }))
    raw.socket.write(frame(0, 'ts'))
    const expected = [
      frame(10, 'mid', { isMasked: false }),
      frame(1, 'pinged', { isMasked: false }),
      frame(1, 'fragments', { isMasked: false }),
    ]
    await waitFor(() => raw.body.length >= Buffer.concat(expected).length)
    expect(raw.body).toEqual(Buffer.concat(expected))
  })

  test('a frame that comes byte by byte', async () => {
    const { port } = await through()
    const raw = await rawTunnel(port)
    raw.socket.setNoDelay(true)
    for (const byte of frame(1, 'slowly')) {
      raw.socket.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await waitFor(() => raw.body.equals(frame(1, 'slowly', { isMasked: false })))
  })
})

describe('control frames', () => {
  test('pings and pongs pass end to end with their payload, from both sides', async () => {
    const pongs: string[] = []
    const { port } = await through((socket) => {
      socket.on('pong', (data) => pongs.push(data.toString()))
      socket.ping('from service')
    })
    const client = await openClient(port)
    client.socket.ping('from client')
    await waitFor(() => client.pongs.length === 1 && pongs.length === 1)
    expect(client.pongs[0]!.toString()).toBe('from client')
    expect(client.pings.map(String)).toEqual(['from service'])
    expect(pongs).toEqual(['from service'])
  })

  test.each([
    [1000, 'done'],
    [1001, 'leaving'],
    [1011, 'broken'],
    [3999, 'registered'],
    [4000, 'own'],
    [4999, 'x'.repeat(123)],
  ])('close code %i and its reason reach the other side, whoever closes', async (code, reason) => {
    const heard: { code: number; reason: string }[] = []
    const { port } = await through((socket) => {
      socket.on('close', (got, why) => heard.push({ code: got, reason: why.toString() }))
      socket.on('message', () => socket.close(code, reason))
    })
    const first = await openClient(port)
    first.socket.close(code, reason)
    expect(await first.closed).toEqual({ code, reason })
    const second = await openClient(port)
    second.socket.send('close me')
    expect(await second.closed).toEqual({ code, reason })
    await waitFor(() => heard.length === 2)
    expect(heard).toEqual([
      { code, reason },
      { code, reason },
    ])
  })

  test('a close without a code is 1005 on both sides', async () => {
    let heard = 0
    const { port } = await through((socket) => socket.on('close', (code) => (heard = code)))
    const client = await openClient(port)
    client.socket.close()
    expect((await client.closed).code).toBe(1005)
    await waitFor(() => heard === 1005)
  })
})

describe('what breaks the rules is for the peers to judge, and their judgement comes back', () => {
  test.each([
    ['RSV bits without an extension', frame(1, 'x', { rsv: 4 }), 1002],
    ['an unknown opcode', frame(3, 'x'), 1002],
    ['an unknown control opcode', frame(11), 1002],
    ['a frame without a mask', frame(1, 'x', { isMasked: false }), 1002],
    ['a fragmented control frame', frame(9, 'x', { isFinal: false }), 1002],
    ['a control frame that is too long', frame(9, 'x'.repeat(126)), 1002],
    ['a continuation of nothing', frame(0, 'x'), 1002],
    ['invalid UTF-8', frame(1, Buffer.from([0xc0, 0xaf])), 1007],
    ['an invalid close code', frame(8, Buffer.from([0x03, 0xec])), 1002],
    ['a message over the limit of the service', frame(2, Buffer.alloc(2048)), 1009],
  ])('%s', async (_what, bytes, code) => {
    const { port } = await through(echo, { maxPayload: 1024 })
    const raw = await rawTunnel(port)
    raw.socket.write(bytes)
    await waitFor(() => raw.body.length >= 4)
    expect(raw.body[0]).toBe(0x88)
    expect(raw.body.readUInt16BE(2)).toBe(code)
    await waitFor(() => raw.isEnded)
  })

  test('every one of these byte sequences crosses unchanged in both directions', async () => {
    const { client, upstream } = await rawPair()
    const odd = [
      frame(1, 'x', { rsv: 7 }),
      frame(15, 'y', { isFinal: false }),
      frame(1, Buffer.from([0xff, 0xfe, 0xc0])),
      frame(2, randomBytes(70_000)),
      Buffer.from('not a frame at all \r\n\r\n'),
      randomBytes(100_000),
    ]
    const bytes = Buffer.concat(odd)
    client.socket.write(bytes)
    await waitFor(() => upstream.bytes.length === bytes.length, { timeout: 5_000 })
    expect(upstream.bytes.equals(bytes)).toBe(true)
    upstream.socket.write(bytes)
    await waitFor(() => client.body.length === bytes.length, { timeout: 5_000 })
    expect(client.body.equals(bytes)).toBe(true)
  })
})

describe('permessage-deflate', () => {
  test('is negotiated end to end, with its parameters, and compressed messages pass', async () => {
    const up = await webSocketService(echo, { perMessageDeflate: { threshold: 0, serverNoContextTakeover: true } })
    const { port } = await running(to(up))
    const client = await openClient(port, '/', { perMessageDeflate: { threshold: 0 } })
    expect(client.socket.extensions).toContain('permessage-deflate')
    const text = 'octopus '.repeat(10_000)
    client.socket.send(text)
    expect((await client.next()) === text).toBe(true)
    expect(up.handshakes[0]!.headers['sec-websocket-extensions']).toContain('permessage-deflate')
  })

  test('is not invented where one side does not want it', async () => {
    const up = await webSocketService(echo, { perMessageDeflate: false })
    const { port } = await running(to(up))
    expect((await openClient(port, '/', { perMessageDeflate: true })).socket.extensions).toBe('')
    const eager = await webSocketService(echo, { perMessageDeflate: true })
    const other = await running(to(eager))
    expect((await openClient(other.port, '/', { perMessageDeflate: false })).socket.extensions).toBe('')
  })
})

describe('the first bytes', () => {
  test('of a client that does not wait for the 101, and of an upstream that sends them with it', async () => {
    let upstream: Raw | undefined
    const up = await rawOrigin(
      onHead((socket) => {
        upstream = watch(socket, Buffer.concat([Buffer.from(switching()), frame(1, 'welcome', { isMasked: false })]))
      }),
    )
    const { port } = await running(to(up))
    const client = rawClient(port, Buffer.concat([Buffer.from(handshake()), frame(1, 'impatient')]))
    await waitFor(() => client.body.equals(frame(1, 'welcome', { isMasked: false })))
    await waitFor(() => upstream!.bytes.equals(frame(1, 'impatient')))
  })

  test('many bytes of an impatient client are kept in bounds while nobody takes them', async () => {
    let open: () => void = () => {}
    let upstream: Raw | undefined
    const up = await rawOrigin(
      onHead((socket) => {
        open = () => (upstream = watch(socket, switching()))
      }),
    )
    const { port } = await running(to(up))
    const early = randomBytes(16 * 1024 * 1024)
    const client = rawClient(port, Buffer.concat([Buffer.from(handshake()), early]))
    let before = -1
    await waitFor(
      () => {
        const isStill = before === client.socket.bytesWritten - client.socket.writableLength && up.connections.open === 1
        before = client.socket.bytesWritten - client.socket.writableLength
        return isStill
      },
      { every: 100 },
    )
    expect(client.socket.writableLength).toBeGreaterThan(0)
    open()
    await waitFor(() => upstream!.bytes.length === early.length, { timeout: 10_000 })
    expect(upstream!.bytes.equals(early)).toBe(true)
  })
})
