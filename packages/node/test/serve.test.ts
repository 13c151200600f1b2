import { Agent, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { createGateway, ConfigError } from '@octopus-gateway/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { gauge, running, webLane } from './support/running.ts'
import { service, to } from './support/upstreams.ts'
import { once } from 'node:events'
import { rawRequest, waitFor } from '@octopus-gateway/testing'
import { serve, serveFetch } from '@octopus-gateway/node'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'

async function timed(work: Promise<unknown>): Promise<number> {
  const before = performance.now()
  await work
  return performance.now() - before
}

async function refuses(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const isRefused = await once(socket, 'connect').then(
    () => false,
    () => true,
  )
  socket.destroy()
  return isRefused
}

/** A connection that collects what comes. */
async function open(port: number): Promise<{ socket: Socket; text: () => string }> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (piece) => {
    text += piece.toString()
  })
  socket.on('error', () => {})
  await once(socket, 'connect')
  onTestFinished(() => void socket.destroy())
  return { socket, text: () => text }
}

describe('serve', () => {
  test('port 0 takes a free port; the URL is one that can be opened, also for the wildcard address', async () => {
    const { server } = await running({ routes: [] }, { host: '0.0.0.0' })
    expect(server.port).toBeGreaterThan(0)
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
    expect((await fetch(`${server.url}/x`)).status).toBe(404)
  })

  test('IPv6: the URL has brackets, the upstream gets the address in them', async () => {
    const up = await service()
    const { server } = await running(to(up), { host: '::1' })
    expect(server.url).toBe(`http://[::1]:${server.port}`)
    expect((await fetch(server.url)).status).toBe(200)
    expect(up.requests[0]!.header('forwarded')).toContain('for="[::1]";host="[::1]:')
  })

  test('a port that is taken rejects with EADDRINUSE and leaves nothing behind', async () => {
    const { gateway, port } = await running({ routes: [] })
    await expect(serve(gateway, { host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE', port })
    expect((await fetch(`http://127.0.0.1:${port}`)).status).toBe(404)
  })

  test('an invalid configuration rejects with every issue', async () => {
    const gateway = createGateway({ routes: [{ path: 'no-slash', upstream: 'nowhere' }] })
    await expect(serve(gateway, { port: 0 })).rejects.toBeInstanceOf(ConfigError)
  })

  test('two servers of one gateway, and ten gateways in one process, do not disturb each other', async () => {
    const up = await service()
    const gateways = await Promise.all(
      Array.from({ length: 10 }, (_, i) => running({ ...to(up), routes: [{ path: `/g${i}`, upstream: 'up' }] })),
    )
    const second = await serve(gateways[0]!.gateway, { host: '127.0.0.1', port: 0 })
    for (const [i, { server }] of gateways.entries()) {
      expect((await fetch(`${server.url}/g${i}`)).status).toBe(200)
      expect((await fetch(`${server.url}/g${i + 1}`)).status).toBe(404)
    }
    expect((await fetch(`${second.url}/g0`)).status).toBe(200)
    await second.close()
    expect((await fetch(`${gateways[0]!.server.url}/g0`)).status).toBe(200)
  })

  test('an update is seen by a running server and its kept connections', async () => {
    const up = await service()
    const { gateway, port } = await running(to(up))
    const { socket, text } = await open(port)
    socket.write(GET)
    await waitFor(() => text().includes('200 OK'))
    await gateway.update({ routes: [] })
    socket.write(GET)
    await waitFor(() => text().includes('404 Not Found'))
  })

  test('an idle connection is kept for `keepAlive` and then closed', async () => {
    const { port } = await running({ routes: [] }, { timeouts: { keepAlive: '200ms' } })
    const { socket, text } = await open(port)
    socket.write(GET)
    await waitFor(() => text().includes('}'))
    socket.write(GET)
    await waitFor(() => text().split('HTTP/1.1').length === 3)
    await waitFor(() => socket.destroyed || socket.readableEnded, { timeout: 3_000, what: 'the idle connection to be closed' })
  })
})

describe('limits of connections', () => {
  test('the gauge counts and returns to 0', async () => {
    const { gateway, port } = await running({ routes: [] })
    const sockets = await Promise.all(Array.from({ length: 5 }, () => open(port)))
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 5)
    for (const { socket } of sockets) socket.destroy()
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 0)
  })

  test('more than `connections` are closed at once, and served again when there is room', async () => {
    const { gateway, port } = await running({ routes: [] }, { limits: { connections: 2 } })
    const kept = [await open(port), await open(port)]
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 2)
    expect((await rawRequest(port, GET)).responses).toHaveLength(0)
    for (const { socket } of kept) socket.destroy()
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 0)
    expect((await rawRequest(port, GET)).response.status).toBe(404)
  })

  test('more than `connectionsPerIp` from one address are closed at once', async () => {
    const { gateway, port } = await running({ routes: [] }, { limits: { connectionsPerIp: 2 } })
    const kept = [await open(port), await open(port)]
    expect((await rawRequest(port, GET)).responses).toHaveLength(0)
    kept[0]!.socket.destroy()
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 1)
    expect((await rawRequest(port, GET)).response.status).toBe(404)
  })
})

describe.each([
  ['head', []],
  ['web', webLane()],
] as const)('close, %s lane', (_lane, plugins) => {
  test('[R36] an idle server closes at once: kept, fresh and half-sent connections too', async () => {
    const up = await service()
    const { server, gateway, port } = await running({ ...to(up), plugins })
    const kept = await open(port)
    kept.socket.write(GET)
    await waitFor(() => kept.text().includes('200 OK'))
    await open(port)
    const half = await open(port)
    half.socket.write('GET / HTT')
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 3)
    expect(await timed(server.close({ grace: '10s' }))).toBeLessThan(3_000)
    expect(gauge(gateway, 'octopus_active_connections')).toBe(0)
    await expect(fetch(server.url)).rejects.toThrow()
  })

  test('[R36] a request under way finishes, its connection closes, and nothing waits for the grace', async () => {
    let answer: () => void = () => {}
    const up = await service((_request, response) => {
      answer = () => void response.end('finished')
    })
    const { server, port } = await running({ ...to(up), plugins })
    const client = await open(port)
    client.socket.write(GET)
    await waitFor(() => up.count === 1)
    const closing = server.close({ grace: '10s' })
    await waitFor(() => refuses(port), { what: 'new connections to be refused' })
    answer()
    expect(await timed(closing)).toBeLessThan(5_000)
    await waitFor(() => client.text().includes('finished'))
    expect(client.text()).toMatch(/connection: close/i)
  })

  test('[R36] a stream that began before the closing ends without waiting for keep-alive', async () => {
    let stream: { write(text: string): void; end(): void } | undefined
    const up = await service((_request, response) => {
      response.write('begun ')
      stream = response
    })
    const { server, port } = await running({ ...to(up), plugins })
    const client = await open(port)
    client.socket.write(GET)
    await waitFor(() => client.text().includes('begun'))
    const closing = server.close({ grace: '10s' })
    stream!.end()
    expect(await timed(closing)).toBeLessThan(3_000)
    await waitFor(() => client.text().endsWith('\r\n0\r\n\r\n'))
  })

  test('[R36] what is not done after the grace is cut', async () => {
    const up = await service((_request, response) => {
      response.write('endless')
    })
    const { server, gateway, port } = await running({ ...to(up), plugins })
    const client = await open(port)
    client.socket.write(GET)
    await waitFor(() => client.text().includes('endless'))
    const took = await timed(server.close({ grace: '200ms' }))
    expect(took).toBeGreaterThanOrEqual(195)
    expect(took).toBeLessThan(5_000)
    await waitFor(() => up.requests[0]!.state === 'aborted')
    expect(client.text()).not.toContain('0\r\n\r\n')
    expect(gauge(gateway, 'octopus_active_connections')).toBe(0)
  })

  test('closing twice is closing once; disposing closes', async () => {
    const { server } = await running({ routes: [], plugins })
    const closing = server.close()
    expect(server.close({ grace: 0 })).toBe(closing)
    await closing
    const again = await running({ routes: [] })
    await again.server[Symbol.asyncDispose]()
    await expect(fetch(again.server.url)).rejects.toThrow()
  })

  test('a plugin that sets a field that is none gives 500, not a crash', async () => {
    const up = await service()
    const breaking = {
      name: 'breaking',
      version: '1.0.0',
      identity: { name: 'breaking', version: '1.0.0', config: null },
      setup: () => ({
        onResponse: (_ctx: unknown, head: { headers: { set(name: string, value: string): void } }) =>
          head.headers.set('x-bad', 'a\r\nb: c'),
      }),
    }
    const { port, gateway } = await running({ ...to(up), plugins: [...plugins, breaking] })
    const exchange = await rawRequest(port, GET)
    expect([exchange.response.status, exchange.text.includes('b: c')]).toEqual([500, false])
    await waitFor(() => gateway.endpoints(gateway.snapshot.upstreams.get('up')!)[0]!.active === 0)
  })

  test('a gateway that is disposed ends its requests and answers no more', async () => {
    const up = await service(() => {})
    const { gateway, port } = await running({ ...to(up), plugins })
    const asking = rawRequest(port, GET, { timeout: 4000 })
    await waitFor(() => up.count === 1)
    await gateway[Symbol.asyncDispose]()
    expect((await asking).response.status).toBe(503)
    await waitFor(() => up.requests[0]!.state === 'aborted')
  })
})

describe('serveFetch', () => {
  test('serves a fetch handler, which gets the incoming message', async () => {
    let remote: string | undefined
    const server = await serveFetch(
      {
        fetch: (request, env) => {
          remote = (env as { incoming: IncomingMessage }).incoming.socket.remoteAddress
          return Response.json({ path: new URL(request.url).pathname })
        },
      },
      { port: 0 },
    )
    expect(await (await fetch(`${server.url}/x`)).json()).toEqual({ path: '/x' })
    expect(remote).toBe('127.0.0.1')
    const { socket } = await open(server.port)
    expect(await timed(server.close())).toBeLessThan(3_000)
    socket.destroy()
  })

  test('a port that is taken rejects', async () => {
    const server = await serveFetch({ fetch: () => new Response('ok') }, { port: 0 })
    await expect(serveFetch({ fetch: () => new Response('ok') }, { port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await server.close()
  })

  test('a handler that fails is a 500, not a crash', async () => {
    const server = await serveFetch(
      {
        fetch: () => {
          throw new Error('secret')
        },
      },
      { port: 0 },
    )
    const response = await fetch(server.url)
    expect([response.status, (await response.text()).includes('secret')]).toEqual([500, false])
    await server.close()
  })
})

test('an agent that keeps its connections uses few of them', async () => {
  const up = await service()
  const { gateway, port } = await running(to(up))
  const agent = new Agent({ keepAlive: true, maxSockets: 2 })
  onTestFinished(() => agent.destroy())
  for (let i = 0; i < 20; i++) {
    await new Promise<void>((resolve, reject) => {
      const request = httpRequest({ port, host: '127.0.0.1', agent, method: 'POST' }, (response) => response.resume().on('end', resolve))
      request.on('error', reject).end('x')
    })
  }
  expect(gauge(gateway, 'octopus_active_connections')).toBeLessThanOrEqual(2)
  expect(up.connections.accepted).toBeLessThanOrEqual(2)
})
