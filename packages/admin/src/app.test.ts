import { describe, expect, test, vi } from 'vitest'
import { createAdmin } from './app.ts'
import { endpointAt, gatewayWith, upstreamNamed } from './gateway.fixture.ts'
import type { AdminOptions } from './options.ts'
import type { Parts } from './gateway.fixture.ts'

function ask(
  path: string,
  { parts = {}, options = {}, ...init }: RequestInit & { parts?: Parts; options?: AdminOptions } = {},
): Promise<Response> {
  return createAdmin(gatewayWith(parts), options).fetch(new Request(new URL(path, 'http://localhost:9090'), init))
}

describe('createAdmin', () => {
  test('the index links to everything, relative to itself', async () => {
    const answer = await ask('/_/', { options: { name: 'Shop' } })
    expect(await answer.json()).toEqual({
      name: 'Shop',
      links: {
        health: 'health',
        routes: 'routes',
        services: 'services',
        upstreams: 'upstreams',
        openapi: 'openapi.json',
        asyncapi: 'asyncapi.json',
        docs: 'docs',
        metrics: '../metrics',
      },
    })
  })

  test('every link of the index answers 200', async () => {
    const { links } = (await (await ask('/_/')).json()) as { links: Record<string, string> }
    for (const href of Object.values(links)) expect((await ask(new URL(href, 'http://localhost/_/').pathname)).status).toBe(200)
  })

  test('a browser gets the index as a page', async () => {
    const answer = await ask('/_/', { headers: { accept: 'text/html,*/*' }, options: { name: '<b>' } })
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const page = await answer.text()
    expect(page).toContain('href="docs"')
    expect(page).toContain('&lt;b&gt;')
  })

  test.each([
    ['/', '_/'],
    ['/_', '_/'],
    ['/_/docs/', '../docs'],
  ])('%s redirects to %s, relative', async (path, location) => {
    const answer = await ask(path)
    expect(answer.status).toBe(307)
    expect(answer.headers.get('location')).toBe(location)
  })

  test.each(['/_/health', '/_/routes', '/_/services', '/_/upstreams', '/_/openapi.json', '/_/docs', '/_/', '/metrics', '/nothing'])(
    '%s: fields that browsers obey',
    async (path) => {
      const { headers } = await ask(path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe(path === '/_/openapi.json' ? 'private, no-cache' : 'no-store')
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
    },
  )

  test('an unknown path is a 404 problem, another method a 405 with Allow', async () => {
    const missing = await ask('/_/nothing')
    expect(missing.status).toBe(404)
    expect(missing.headers.get('content-type')).toBe('application/problem+json')
    expect(await missing.json()).toMatchObject({ type: 'about:blank', status: 404, code: 'NOT_FOUND' })
    for (const path of ['/_/health', '/_/routes', '/_/openapi.json', '/metrics', '/_/docs/init.js']) {
      for (const method of ['POST', 'DELETE', 'OPTIONS']) {
        const refused = await ask(path, { method })
        expect([path, method, refused.status, refused.headers.get('allow')]).toEqual([path, method, 405, 'GET, HEAD'])
        expect(await refused.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED' })
      }
    }
  })

  test('HEAD answers like GET without the body', async () => {
    for (const path of ['/_/health', '/_/routes', '/_/openapi.json', '/_/docs', '/metrics']) {
      const answer = await ask(path, { method: 'HEAD' })
      const full = await ask(path)
      expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([200, full.headers.get('content-type'), ''])
    }
  })

  test('a failure inside is a 500 problem that tells nothing, and is logged', async () => {
    const log = { error: vi.fn(), warn: vi.fn(), info: vi.fn(), debug: vi.fn() }
    const parts = { federated: () => Promise.reject(new Error('at 10.0.0.7')) }
    const answer = await ask('/_/openapi.json', { parts, options: { log } })
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('10.0.0.7')
    expect(log.error).toHaveBeenCalledWith('admin: a request failed', expect.objectContaining({ error: 'at 10.0.0.7' }))
  })

  test.each<[string, AdminOptions, RegExp]>([
    ['a hash that is none', { auth: { username: 'a', passwordHash: 'secret' } }, /auth\.passwordHash.*htpasswd/],
    ['a user name with a colon', { auth: { username: 'a:b', passwordHash: `$2b$12$${'x'.repeat(53)}` } }, /auth\.username/],
    ['a metrics path inside /_/', { metrics: { path: '/_/health' } }, /metrics\.path/],
    ['a metrics path with a pattern', { metrics: { path: '/:x' } }, /metrics\.path/],
    ['a metrics path without a slash', { metrics: { path: 'metrics' } }, /metrics\.path/],
  ])('refuses %s', (_what, options, message) => {
    expect(() => createAdmin(gatewayWith(), options)).toThrow(message)
  })

  test('tells everything that is wrong at once', () => {
    const create = () => createAdmin(gatewayWith(), { auth: { username: '', passwordHash: '' }, metrics: { path: '' } })
    expect(create).toThrow(
      expect.objectContaining({
        issues: [{ path: 'auth.username' }, { path: 'auth.passwordHash' }, { path: 'metrics.path' }].map((issue) =>
          expect.objectContaining(issue),
        ),
      }),
    )
  })
})

describe('/_/health', () => {
  const health = async (parts: Parts): Promise<unknown> => (await ask('/_/health', { parts })).json()

  test('is ok when synced', async () => {
    expect(await health({})).toEqual({
      status: 'ok',
      synced: true,
      generation: 7,
      uptime_seconds: 0,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    })
  })

  test('answers 200 while starting', async () => {
    expect(await health({ isSynced: false })).toMatchObject({ status: 'starting', synced: false })
  })

  test('is degraded when a provider fails or an upstream has no endpoint left, and does not say which', async () => {
    const provider = { name: 'consul', state: 'failing', instances: 1, syncedAt: 1, error: 'refused' } as const
    expect(Object.keys((await health({ providers: [provider] })) as object)).toEqual([
      'status',
      'synced',
      'generation',
      'uptime_seconds',
      'version',
    ])
    expect(await health({ providers: [provider] })).toMatchObject({ status: 'degraded' })
    const [up, down] = [endpointAt('http://a'), endpointAt('http://b', { state: 'out' })]
    const upstreams = [upstreamNamed('users')]
    expect(await health({ upstreams, endpoints: { users: [up, down] } })).toMatchObject({ status: 'ok' })
    expect(await health({ upstreams, endpoints: { users: [down] } })).toMatchObject({ status: 'degraded' })
    expect(await health({ upstreams })).toMatchObject({ status: 'ok' })
  })
})

describe('metrics', () => {
  test('joins the extra sources to its own, line by line', async () => {
    const extra = [{ exposition: async () => 'process_x 1' }, { exposition: async () => '' }, { exposition: async () => 'process_y 2\n' }]
    const answer = await ask('/internal/metrics', {
      parts: { exposition: () => 'octopus_x 0\n' },
      options: { metrics: { path: '/internal/metrics', extra } },
    })
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await answer.text()).toBe('octopus_x 0\nprocess_x 1\nprocess_y 2\n')
    expect((await ask('/metrics', { options: { metrics: { path: '/internal/metrics' } } })).status).toBe(404)
  })

  test('a source that fails fails the scrape', async () => {
    const extra = [{ exposition: () => Promise.reject(new Error('broken')) }]
    expect((await ask('/metrics', { options: { metrics: { path: '/metrics', extra } } })).status).toBe(500)
  })

  test('can be switched off', async () => {
    expect((await ask('/metrics', { options: { metrics: false } })).status).toBe(404)
    expect(await (await ask('/_/', { options: { metrics: false } })).json()).not.toHaveProperty('links.metrics')
  })
})
