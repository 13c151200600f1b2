import { active, gauge, running } from '../support/running.ts'
import { describe, expect, test } from 'vitest'
import { frame } from './support/raw.ts'
import { openClient, webSocketService } from './support/peers.ts'
import { plugin } from './support/watching.ts'
import { rawPair } from './support/pair.ts'
import { rawRequest, waitFor } from '@octopus-gateway/testing'
import { to } from '../support/upstreams.ts'
import type { AccessEntry } from '@octopus-gateway/core'

const WITHIN = { timeout: 100, every: 2 }
const MEGABYTE = 1024 * 1024

async function standstill(count: () => number): Promise<number> {
  let before = -1
  await waitFor(
    () => {
      const isStill = before === count() && before > 0
      before = count()
      return isStill
    },
    { every: 100, what: 'the sender to be held' },
  )
  return before
}

describe('pace', () => {
  test.each(['client', 'upstream'] as const)(
    '[R16] a %s that does not read holds the other side back, in bounded memory, and nothing is lost',
    async (slow) => {
      const pair = await rawPair()
      const [from, reader] = slow === 'client' ? [pair.upstream, pair.client] : [pair.client, pair.upstream]
      reader.socket.pause()
      const total = 64 * MEGABYTE
      const piece = Buffer.alloc(64 * 1024, 's')
      let sent = 0
      const send = (): void => {
        while (sent < total) {
          sent += piece.length
          if (!from.socket.write(piece)) {
            from.socket.once('drain', send)
            return
          }
        }
      }
      send()
      expect(await standstill(() => sent)).toBeLessThan(32 * MEGABYTE)
      // The other way is not held.
      reader.socket.write('backwards')
      await waitFor(() => (slow === 'client' ? pair.upstream.bytes : pair.client.body).equals(Buffer.from('backwards')))
      let received = (slow === 'client' ? pair.client.body : pair.upstream.bytes).length
      reader.socket.removeAllListeners('data')
      reader.socket.on('data', (bytes: Buffer) => void (received += bytes.length))
      reader.socket.resume()
      await waitFor(() => received === total, { timeout: 10_000 })
      expect(pair.outcomes).toEqual([])
    },
  )
})

describe('ends', () => {
  test('[R21] a client that goes takes the upstream with it within 100 ms', async () => {
    for (const leave of ['destroy', 'resetAndDestroy'] as const) {
      const { client, upstream, gateway, outcomes } = await rawPair()
      client.socket[leave]()
      if (leave === 'destroy') upstream.socket.on('end', () => upstream.socket.end())
      await waitFor(() => upstream.isEnded || upstream.isClosed, WITHIN)
      await waitFor(() => outcomes.length === 1, WITHIN)
      expect(active(gateway)).toBe(0)
      if (leave === 'resetAndDestroy') expect(outcomes[0]!.error?.code).toBe('CLIENT_CLOSED')
    }
  })

  test('[R21] an upstream that breaks takes the client with it within 100 ms, after what it had said', async () => {
    const { client, upstream, gateway, outcomes, server } = await rawPair()
    upstream.socket.write('last words')
    await waitFor(() => client.body.toString() === 'last words')
    upstream.socket.resetAndDestroy()
    await waitFor(() => client.isEnded, WITHIN)
    await waitFor(() => outcomes.length === 1, WITHIN)
    expect(outcomes[0]).toMatchObject({ status: 101, bytesOut: 10 })
    expect(outcomes[0]!.error?.code).toBe('UPSTREAM_RESET')
    expect(active(gateway)).toBe(0)
    client.socket.end()
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 0)
    await server.close()
  })

  test.each(['client', 'upstream'] as const)('a %s that ends its side still hears the other', async (first) => {
    const pair = await rawPair()
    const [ending, other] = first === 'client' ? [pair.client, pair.upstream] : [pair.upstream, pair.client]
    ending.socket.end('that is all')
    await waitFor(() => other.isEnded)
    expect((first === 'client' ? pair.upstream.bytes : pair.client.body).toString()).toBe('that is all')
    expect(ending.isEnded).toBe(false)
    other.socket.write('and ')
    await new Promise((resolve) => setTimeout(resolve, 30))
    other.socket.end('the answer')
    await waitFor(() => ending.isEnded)
    expect((first === 'client' ? pair.client.body : pair.upstream.bytes).toString()).toBe('and the answer')
    await waitFor(() => pair.outcomes.length === 1)
    expect(pair.outcomes[0]!.error).toBeUndefined()
    await waitFor(() => gauge(pair.gateway, 'octopus_active_connections') === 0 && pair.upstreamConnections.open === 0)
  })

  test('a side that says nothing more after the other has ended is let go after the idle timeout', async () => {
    const { client, upstream, outcomes } = await rawPair({ options: { routing: { idleTimeout: 150 } } })
    client.socket.end()
    await waitFor(() => upstream.isEnded)
    await waitFor(() => outcomes.length === 1, { timeout: 5_000 })
    expect(outcomes[0]!.error?.code).toBe('IDLE_TIMEOUT')
  })
})

describe('time', () => {
  test('no timeout of requests cuts a tunnel, and silence does not either', async () => {
    const { client, upstream, outcomes } = await rawPair({
      options: { routing: { timeout: 60, idleTimeout: 60 } },
      serving: { timeouts: { keepAlive: 50, header: 100, requestBody: 100, idle: 50 } },
    })
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(outcomes).toEqual([])
    client.socket.write('still here')
    await waitFor(() => upstream.bytes.toString() === 'still here')
  })

  test('idle_timeout of a route counts from the last byte of either side; both sides are told 1001', async () => {
    const { client, upstream, outcomes } = await rawPair({ route: { idleTimeout: 200 } })
    for (let i = 0; i < 6; i++) {
      await new Promise((resolve) => setTimeout(resolve, 80))
      ;(i % 2 === 0 ? client : upstream).socket.write(frame(9, '', { isMasked: i % 2 === 0 }))
    }
    expect(outcomes).toEqual([])
    const before = performance.now()
    await waitFor(() => client.body.subarray(-4).equals(Buffer.from([0x88, 2, 0x03, 0xe9])))
    expect(performance.now() - before).toBeGreaterThan(100)
    await waitFor(() => upstream.bytes.at(-8) === 0x88)
    client.socket.write(frame(8, Buffer.from([0x03, 0xe9])))
    upstream.socket.end(frame(8, Buffer.from([0x03, 0xe9]), { isMasked: false }))
    await waitFor(() => client.isEnded && upstream.isEnded)
    client.socket.end()
    await waitFor(() => outcomes.length === 1)
    expect(outcomes[0]!.error?.code).toBe('IDLE_TIMEOUT')
  })

  test('an idle tunnel whose peers do not answer is cut', async () => {
    const { client, outcomes } = await rawPair({ route: { idleTimeout: 50 } })
    await waitFor(() => outcomes.length === 1, { timeout: 5_000 })
    await waitFor(() => client.isClosed || client.isEnded)
  })

  test('a client that does not read is let go after its idle timeout, although a tunnel may be silent', async () => {
    const { client, upstream, outcomes } = await rawPair({ serving: { timeouts: { idle: 150 } } })
    client.socket.pause()
    const piece = Buffer.alloc(MEGABYTE)
    const timer = setInterval(() => void upstream.socket.write(piece), 1)
    await waitFor(() => outcomes.length === 1, { timeout: 10_000 })
    clearInterval(timer)
    expect(outcomes[0]!.error?.code).toBe('IDLE_TIMEOUT')
  })
})

describe('what is seen of it', () => {
  test('one access log entry, one count and one onFinish, at the close, with 101, bytes and duration', async () => {
    const entries: AccessEntry[] = []
    let connectionsDuring = 0
    const finished: { bytesOut: number; ms: number; protocol: string }[] = []
    const up = await webSocketService()
    const { gateway, port } = await running({
      ...to(up),
      accessLog: { write: (entry) => void entries.push(entry) },
      plugins: [plugin('watch', { onFinish: (ctx, { bytesOut, ms }) => void finished.push({ bytesOut, ms, protocol: ctx.protocol }) })],
    })
    const client = await openClient(port, '/room?secret=1')
    client.socket.send('hello')
    await client.next()
    connectionsDuring = gauge(gateway, 'octopus_active_connections')
    expect(active(gateway)).toBe(1)
    expect(entries).toEqual([])
    await new Promise((resolve) => setTimeout(resolve, 50))
    client.socket.close(1000)
    await client.closed
    await waitFor(() => entries.length === 1)
    expect(connectionsDuring).toBe(1)
    expect(entries[0]).toMatchObject({ method: 'GET', path: '/room', status: 101, upstream: 'up' })
    expect(entries[0]!.durationMs).toBeGreaterThan(45)
    // A message of five bytes and the close frame, each with a header of two.
    expect(finished).toEqual([{ bytesOut: 7 + 4, ms: expect.any(Number), protocol: 'websocket' }])
    expect(gateway.metrics.exposition()).toMatch(/octopus_requests_total\{[^}]*status="101"[^}]*\} 1/)
    await waitFor(() => active(gateway) === 0 && gauge(gateway, 'octopus_active_connections') === 0)
  })

  test('limits of connections count tunnels', async () => {
    const up = await webSocketService()
    const { port } = await running(to(up), { limits: { connectionsPerIp: 2 } })
    await openClient(port)
    const second = await openClient(port)
    await expect(openClient(port)).rejects.toThrow()
    second.socket.terminate()
    await waitFor(async () => (await rawRequest(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).responses.length === 1)
  })

  test('1,000 tunnels opened and closed leave nothing behind, and a change of routes lets their generation go', async () => {
    const state = { finished: 0, isDisposed: false }
    const up = await webSocketService((socket) => {
      socket.on('message', (data) => (data.toString() === 'break' ? socket.terminate() : socket.send('heard')))
    })
    const { gateway, port } = await running({
      ...to(up),
      plugins: [
        plugin('counting', {
          onFinish: () => void (state.finished += 1),
          [Symbol.asyncDispose]: async () => void (state.isDisposed = true),
        }),
      ],
    })
    let next = 0
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        while (next < 1000) {
          const kind = next++ % 4
          const client = await openClient(port, '/')
          if (kind === 0) client.socket.terminate()
          else if (kind === 1) client.socket.close()
          else if (kind === 2) client.socket.send('break')
          else {
            client.socket.send('hello')
            await client.next()
            client.socket.close(1000)
          }
          await client.closed
        }
      }),
    )
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 0 && active(gateway) === 0, { timeout: 5_000 })
    expect(state.finished).toBe(1000)
    await waitFor(() => up.server.clients.size === 0)
    await gateway.update({ routes: [] })
    await waitFor(() => state.isDisposed, { what: 'the last lease' })
  }, 30_000)
})
