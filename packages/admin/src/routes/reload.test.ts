import { describe, expect, test, vi } from 'vitest'
import { createAdmin } from '../app.ts'
import { gatewayWith, routeFor } from '../gateway.fixture.ts'
import type { AdminOptions, Reload, ReloadOutcome } from '../options.ts'

const NOTHING = {
  added: [],
  removed: [],
  changed: [],
  changes: new Map(),
  upstreamsAdded: [],
  upstreamsRemoved: [],
  upstreamsChanged: new Map(),
}

const runs = (outcome: ReloadOutcome = { outcome: 'applied', diff: NOTHING, restart: [] }) => vi.fn<Reload>(() => Promise.resolve(outcome))

function ask(
  reload: Reload | undefined,
  { path = '/_/reload', options = {}, ...init }: RequestInit & { path?: string; options?: AdminOptions } = {},
) {
  const admin = createAdmin(gatewayWith(), { ...(reload === undefined ? {} : { reload }), ...options })
  const request = new Request(new URL(path, 'http://localhost:9090'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ...init,
  })
  return admin.fetch(request)
}

describe('POST /_/reload', () => {
  test('reloads, and tells what changed and what needs a restart', async () => {
    const route = routeFor('/users/*', { methods: ['GET'] })
    const diff = {
      ...NOTHING,
      added: [routeFor('/new')],
      changed: [route],
      changes: new Map([[route.id, ['timeout', 'plugins']]]),
      upstreamsAdded: ['orders'],
      upstreamsChanged: new Map([['users', ['endpoints']]]),
    }
    const reload = runs({ outcome: 'applied', diff, restart: ['server.http_port'] })
    const answer = await ask(reload)
    expect(answer.status).toBe(200)
    expect(reload).toHaveBeenCalledExactlyOnceWith({ dryRun: false })
    expect(await answer.json()).toEqual({
      outcome: 'applied',
      routes: {
        added: [{ id: 'config:* */new', host: null, methods: null, path: '/new', upstream: 'users' }],
        removed: [],
        changed: [{ id: route.id, host: null, methods: ['GET'], path: '/users/*', upstream: 'users', changes: ['timeout', 'plugins'] }],
      },
      upstreams: { added: ['orders'], removed: [], changed: [{ name: 'users', changes: ['endpoints'] }] },
      restart: ['server.http_port'],
    })
  })

  test.each([
    ['/_/reload?dry_run=true', '', true],
    ['/_/reload?dry_run=false', '', false],
    ['/_/reload', '{"dry_run":true}', true],
    ['/_/reload', '{"dry_run":false}', false],
    ['/_/reload?dry_run=true', '{"dry_run":false}', true],
    ['/_/reload', '{}', false],
    ['/_/reload', ' ', false],
  ])('%s with the body %s: dry run %s', async (path, body, dryRun) => {
    const reload = runs()
    expect((await ask(reload, { path, body })).status).toBe(200)
    expect(reload).toHaveBeenCalledExactlyOnceWith({ dryRun })
  })

  test.each([
    ['/_/reload?dry_run=yes', ''],
    ['/_/reload?dry_run', ''],
    ['/_/reload?dryrun=true', ''],
    ['/_/reload', '{"dry_run":1}'],
    ['/_/reload', '{"dryRun":true}'],
    ['/_/reload', '{"dry_run":"true"}'],
    ['/_/reload', '[]'],
    ['/_/reload', '"true"'],
    ['/_/reload', '{'],
    ['/_/reload', `{"dry_run":${' '.repeat(5_000)}true}`],
  ])('%s with the body %s is 400 and reloads nothing: a dry run that is misspelt must not be a reload', async (path, body) => {
    const reload = runs()
    expect((await ask(reload, { path, body })).status).toBe(400)
    expect(reload).not.toHaveBeenCalled()
  })

  test.each([
    undefined,
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain; application/json',
  ])('Content-Type %s, which a form of another site could send, is 415', async (type) => {
    const reload = runs()
    const answer = await ask(reload, { headers: type === undefined ? {} : { 'content-type': type } })
    expect(answer.status).toBe(415)
    expect(reload).not.toHaveBeenCalled()
  })

  test('other methods are 405, a preflight among them', async () => {
    const reload = runs()
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await ask(reload, { method })
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'POST'])
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
    }
    expect(reload).not.toHaveBeenCalled()
  })

  test('a refused configuration is 422 with every issue', async () => {
    const issues = [{ code: 'unknown_key', path: 'surver', message: 'there is no such key', source: '/etc/octopus.yaml:3:1' }]
    const answer = await ask(runs({ outcome: 'refused', issues }))
    expect(answer.status).toBe(422)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await answer.json()).toMatchObject({ status: 422, code: 'CONFIG_INVALID', issues })
  })

  test('an unexpected failure is 500 and says nothing of the inside', async () => {
    const answer = await ask(runs({ outcome: 'failed', reason: 'EACCES /secret' }))
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret')
  })

  test('needs the credential, and a name of this machine where there is none', async () => {
    const reload = runs()
    const auth = { username: 'admin', passwordHash: '$2b$04$KKDPmlRDvCVkbmDyEuVpPe2LhNWlTNFYCpKbzZCNZUyJr8Yi/H7Ea' }
    expect((await ask(reload, { options: { auth } })).status).toBe(401)
    const foreign = { 'content-type': 'application/json', host: 'rebind.example' }
    expect((await ask(reload, { headers: foreign })).status).toBe(421)
    expect(reload).not.toHaveBeenCalled()
  })

  test('is not there where nothing can be reloaded', async () => {
    expect((await ask(undefined)).status).toBe(404)
  })
})
