import { describe, expect, test } from 'vitest'
import { frame, handshake, rawClient } from './support/raw.ts'
import { openClient, webSocketService } from './support/peers.ts'
import { rawPair } from './support/pair.ts'
import { running } from '../support/running.ts'
import { setImmediate as turn } from 'node:timers/promises'
import { to } from '../support/upstreams.ts'
import { waitFor } from '@octopus-gateway/testing'

const GOING_AWAY = Buffer.from([0x88, 2, 0x03, 0xe9])

function unmasked(bytes: Buffer): Buffer {
  const mask = bytes.subarray(2, 6)
  return Buffer.from(bytes.subarray(6).map((byte, i) => byte ^ mask[i % 4]!))
}

describe('[R36] a server that closes tells WebSocket peers to go', () => {
  test('real peers are closed with 1001 on both sides, and the server is closed long before its grace is over', async () => {
    const heard: number[] = []
    const up = await webSocketService((socket) => {
      socket.on('message', (data) => socket.send(data))
      socket.on('close', (code) => heard.push(code))
    })
    const { port, server } = await running(to(up))
    const clients = await Promise.all(Array.from({ length: 20 }, () => openClient(port)))
    for (const client of clients) client.socket.send('hello')
    await Promise.all(clients.map((client) => client.next()))
    const before = performance.now()
    await server.close({ grace: '10s' })
    expect(performance.now() - before).toBeLessThan(3_000)
    expect(await Promise.all(clients.map(async (client) => (await client.closed).code))).toEqual(clients.map(() => 1001))
    await waitFor(() => heard.length === 20)
    expect(heard).toEqual(clients.map(() => 1001))
  })

  test('a frame under way is finished first; what comes behind it is not passed on', async () => {
    const { client, upstream, server, outcomes } = await rawPair()
    const down = frame(2, Buffer.alloc(1000, 'd'), { isMasked: false })
    const up = frame(2, Buffer.alloc(70_000, 'u'))
    upstream.socket.write(down.subarray(0, 500))
    client.socket.write(up.subarray(0, 60_000))
    await waitFor(() => client.body.length === 500 && upstream.bytes.length === 60_000)
    const closing = server.close({ grace: '10s' })
    await turn()
    upstream.socket.write(Buffer.concat([down.subarray(500), frame(1, 'too late', { isMasked: false })]))
    client.socket.write(Buffer.concat([up.subarray(60_000), frame(1, 'too late')]))
    await waitFor(() => client.body.length === 1008 && upstream.bytes.length === 70_022)
    expect(client.body).toEqual(Buffer.concat([down, GOING_AWAY]))
    expect(upstream.bytes.subarray(0, up.length).equals(up)).toBe(true)
    const last = upstream.bytes.subarray(up.length)
    expect([...last.subarray(0, 2)]).toEqual([0x88, 0x82])
    expect(unmasked(last)).toEqual(Buffer.from([0x03, 0xe9]))
    // Each peer answers, and its connection is ended.
    client.socket.write(frame(8, Buffer.from([0x03, 0xe9])))
    upstream.socket.write(frame(8, Buffer.from([0x03, 0xe9]), { isMasked: false }))
    await waitFor(() => client.isEnded && upstream.isEnded)
    client.socket.end()
    upstream.socket.end()
    await closing
    expect(outcomes).toHaveLength(1)
    expect(outcomes[0]!.error).toBeUndefined()
  })

  test('between two fragments of a message there is room for it', async () => {
    const { client, upstream, server } = await rawPair()
    upstream.socket.write(frame(1, 'frag', { isMasked: false, isFinal: false }))
    await waitFor(() => client.body.length === 6)
    void server.close({ grace: 300 })
    await waitFor(() => client.body.subarray(6).equals(GOING_AWAY))
  })

  test('where a peer has said Close already, nothing is said after it', async () => {
    const { client, upstream, server } = await rawPair()
    const close = frame(8, Buffer.from([0x03, 0xe8]))
    client.socket.write(close)
    await waitFor(() => upstream.bytes.length === close.length)
    void server.close({ grace: 300 })
    await waitFor(() => client.body.equals(GOING_AWAY))
    await waitFor(() => client.isEnded)
    expect(upstream.bytes.equals(close)).toBe(true)
  })

  test('peers that do not answer are cut when the grace is over', async () => {
    const { client, server } = await rawPair()
    const before = performance.now()
    await server.close({ grace: 200 })
    const took = performance.now() - before
    expect(took).toBeGreaterThan(150)
    expect(took).toBeLessThan(5_000)
    await waitFor(() => client.isClosed || client.isEnded)
    expect(client.body).toEqual(GOING_AWAY)
  })

  test('a handshake that is under way becomes a tunnel that is told to go', async () => {
    let open: (() => void) | undefined
    const up = await webSocketService(undefined, {
      verifyClient: (_info, done) => {
        open = () => done(true)
      },
    })
    const { port, server } = await running(to(up))
    const early = rawClient(port, handshake())
    await waitFor(() => open !== undefined)
    const closing = server.close({ grace: '2s' })
    open!()
    await waitFor(() => early.body.equals(GOING_AWAY))
    early.socket.end(frame(8, Buffer.from([0x03, 0xe9])))
    await closing
  })
})
