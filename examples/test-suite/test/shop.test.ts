import { createGateway } from '@octopus-gateway/core'
import { Hono } from 'hono'
import { expect, test, vi } from 'vitest'

// The services under test are Hono apps in this process: no port is opened, and nothing is mocked.
const users = new Hono().get('/users/:id', (c) => c.json({ id: c.req.param('id'), name: 'Ada' }))
const orders = new Hono().post('/orders', async (c) => c.json({ placed: await c.req.json() }, 201))

const shop = () =>
  createGateway({
    upstreams: { users: users.fetch, orders: orders.fetch },
    routes: [
      { path: '/api/users/:id', methods: ['GET'], upstream: 'users', rewrite: { stripPrefix: '/api' } },
      { path: '/api/orders', methods: ['POST'], upstream: 'orders', rewrite: { stripPrefix: '/api' } },
    ],
  })

test('a route leads to its service, with the prefix removed', async () => {
  await using gateway = shop()
  const response = await gateway.request('/api/users/7')
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ id: '7', name: 'Ada' })
})

test('a body reaches the service as it was sent', async () => {
  await using gateway = shop()
  const response = await gateway.request('/api/orders', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sku: 'espresso' }),
  })
  expect(response.status).toBe(201)
  expect(await response.json()).toEqual({ placed: { sku: 'espresso' } })
})

test('a method without a route is refused and never reaches the service', async () => {
  const seen = vi.fn(users.fetch)
  await using gateway = createGateway({
    upstreams: { users: (request) => seen(request) },
    routes: [{ path: '/users/:id', methods: ['GET'], upstream: 'users' }],
  })
  const response = await gateway.request('/users/7', { method: 'DELETE' })
  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toContain('GET')
  expect(seen).not.toHaveBeenCalled()
})

test('an unknown path is a problem document', async () => {
  await using gateway = shop()
  const response = await gateway.request('/nowhere')
  expect(response.status).toBe(404)
  expect(response.headers.get('content-type')).toContain('application/problem+json')
})

test('routes can change while the gateway runs', async () => {
  await using gateway = shop()
  await gateway.ready
  const diff = await gateway.update({ upstreams: { users: users.fetch }, routes: [{ path: '/users/:id', upstream: 'users' }] })
  expect(diff.added.map((route) => route.path)).toEqual(['/users/:id'])
  expect((await gateway.request('/users/7')).status).toBe(200)
  expect((await gateway.request('/api/users/7')).status).toBe(404)
})
