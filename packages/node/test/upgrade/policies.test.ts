import { createGateway } from '@octopus-gateway/core'
import { describe, expect, test } from 'vitest'
import { handshake, rawTunnel } from './support/raw.ts'
import { openClient, webSocketService } from './support/peers.ts'
import { plugin, recorder } from './support/watching.ts'
import { rawRequest, waitFor } from '@octopus-gateway/testing'
import { running } from '../support/running.ts'
import { to } from '../support/upstreams.ts'
import type { Plugin } from '@octopus-gateway/core'
import { GatewayError, HeaderList } from '@octopus-gateway/core'

/** Lets nobody in without a token. */
const guard = plugin('guard', {
  onRequest: (ctx) =>
    ctx.request.headers.get('authorization') === 'Bearer good'
      ? undefined
      : { status: 401, headers: new HeaderList(['www-authenticate', 'Bearer', 'content-length', '4']), body: 'stop' },
})

/** A Hono middleware that would answer from a cache. */
const cache: Plugin = plugin('cache', { middleware: (c) => Promise.resolve(c.text('cached')) })
const carrying: Plugin = plugin('carrying', { middleware: (c) => Promise.resolve(c.text('cached')), carries: ['websocket'] })

describe('policies answer before the upgrade', () => {
  test('[R1] [R25] 401 as plain HTTP for a handshake without a token, whatever fields it bears; nothing reaches the service', async () => {
    const up = await webSocketService()
    const { outcomes, plugin: recording } = recorder()
    const { port } = await running({ ...to(up), plugins: [recording, guard] })
    const attempts = [
      handshake(),
      handshake('/', { Upgrade: 'WebSocket' }),
      handshake('/', { Upgrade: 'h2c, websocket' }),
      handshake('/', { Connection: 'keep-alive, Upgrade' }),
      handshake('/', { Upgrade: 'h2c' }),
      handshake('/', { Upgrade: 'h2c\r\nUpgrade: websocket' }),
      handshake('/', { Connection: 'Upgrade, Authorization', Authorization: 'Bearer bad' }),
    ]
    for (const bytes of attempts) {
      const { response } = await rawRequest(port, bytes)
      expect(response.status).toBe(401)
      expect(response.field('www-authenticate')).toBe('Bearer')
      expect(response.body.toString()).toBe('stop')
    }
    await waitFor(() => outcomes.length === attempts.length)
    expect(up.handshakes).toHaveLength(0)
    const client = await openClient(port, '/', { headers: { authorization: 'Bearer good' } })
    client.socket.send('in')
    expect(await client.next()).toBe('in')
  })

  test.each([
    ['guard, cache', [guard, cache], 501],
    ['cache, guard', [cache, guard], 501],
    ['guard, a middleware that says its phases suffice', [guard, carrying], 401],
    ['a middleware that says its phases suffice, guard', [carrying, guard], 401],
  ])('%s: never a 200', async (_what, plugins, status) => {
    const up = await webSocketService()
    const { port } = await running({ ...to(up), plugins })
    expect((await rawRequest(port, handshake())).response.status).toBe(status)
    expect(up.handshakes).toHaveLength(0)
  })

  test('onUpstreamRequest changes the handshake, onResponse sees the 101 and adds to it', async () => {
    const up = await webSocketService()
    const statuses: number[] = []
    const { port } = await running({
      ...to(up),
      plugins: [
        plugin('fields', {
          onUpstreamRequest: (_ctx, head) => void head.headers.set('x-user', 'ada'),
          onResponse: (ctx, head) => {
            statuses.push(head.status)
            head.headers.set('x-seen', ctx.protocol)
          },
        }),
      ],
    })
    const raw = await rawTunnel(port)
    expect(up.handshakes[0]!.headers['x-user']).toBe('ada')
    expect(raw.head).toContain('x-seen: websocket')
    expect(statuses).toEqual([101])
  })

  test('a failure of a plugin is an answer, not a tunnel, and lets the upstream go', async () => {
    const up = await webSocketService()
    const failing = [
      plugin('throwing', {
        onUpstreamResponse: () => {
          throw new GatewayError('INTERNAL', 'the reason')
        },
      }),
      plugin('bad-field', {
        onResponse: (_ctx, head) => (head.status === 101 ? void head.headers.set('x-bad', 'a\r\nset-cookie: b') : undefined),
      }),
      plugin('refusing', { onResponse: (_ctx, head) => void (head.status = 403) }),
    ]
    for (const one of failing) {
      const { port } = await running({ ...to(up), plugins: [one] })
      const { response, text } = await rawRequest(port, handshake(), { responses: 2 })
      expect(response.status).toBe(one.name === 'refusing' ? 403 : 500)
      expect(text).not.toContain('the reason')
      expect(text).not.toContain('set-cookie')
      await waitFor(() => up.server.clients.size === 0)
    }
  })

  test('gateway.fetch says that it cannot: 501', async () => {
    const up = await webSocketService()
    await using gateway = createGateway({ ...to(up), plugins: [guard] })
    const response = await gateway.fetch(new Request('http://gateway.test/', { headers: { upgrade: 'websocket', connection: 'upgrade' } }))
    expect(response.status).toBe(501)
    expect(await response.json()).toMatchObject({ code: 'NOT_SUPPORTED' })
    expect(up.handshakes).toHaveLength(0)
  })
})
