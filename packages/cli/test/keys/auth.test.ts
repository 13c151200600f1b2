import { afterAll, beforeAll, expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { running, type Running, type RunOptions } from './running.ts'
import { SECRET, withToken } from './token.ts'
import { startService, type Service } from '@octopus-gateway/testing'

let up: Service
beforeAll(async () => {
  up = await startService()
})
afterAll(() => up[Symbol.asyncDispose]())

const OTHER = 'another secret, of somebody else, and long enough'
/** A second provider: the same package under another name. */
const PARTNER = { 'partner.mjs': `export { jwt as default } from '${new URL('../../../plugins-jwt/src/index.ts', import.meta.url).href}'` }
const JWT = `{ name: jwt-auth, config: { secret: "${SECRET}", issuer: us } }`
const PARTNERS = `{ name: partner, path: partner.mjs, config: { secret: "${OTHER}" } }`

const us = (claims = {}): RequestInit => withToken({ iss: 'us', ...claims })
const partner = (claims = {}): RequestInit => withToken(claims, OTHER)

interface Parts {
  readonly auth?: string
  readonly plugins?: readonly string[]
  readonly routes?: readonly string[]
}

/** A gateway with `auth` for every route, when its options are given. */
function protectedBy({ auth, plugins = [JWT], routes = ['path: /*'] }: Parts, how: RunOptions = {}): Promise<Running> {
  return running(
    (auth === undefined ? '' : `middleware: [{ name: auth${auth} }]\n`) +
      `plugins: [${plugins.join(', ')}]\n` +
      `upstreams: [{ name: up, instances: [{ address: 127.0.0.1, port: ${up.port} }] }]\n` +
      `routes: [${routes.map((route) => `{ upstream: up, ${route} }`).join(', ')}]\n`,
    { files: PARTNER, ...how },
  )
}

/** Statuses of the same request with different credentials. */
const statuses = (gateway: Running, path: string, ...requests: readonly RequestInit[]): Promise<number[]> =>
  Promise.all(requests.map((request) => gateway.status(path, request)))

behaviour(
  'middleware[auth].required',
  'true, the default, refuses callers without a credential; false lets them pass, but not with a bad one',
  async () => {
    const bad = withToken({}, 'not the secret that the gateway knows of')
    await using standard = await protectedBy({ auth: '' })
    expect(await statuses(standard, '/', {}, us(), bad)).toEqual([401, 200, 401])
    await using optional = await protectedBy({ auth: ', required: false' })
    expect(await statuses(optional, '/', {}, us(), bad)).toEqual([200, 200, 401])
  },
)

behaviour('middleware[auth].skip_paths[]', 'are open, and nothing else is', async () => {
  await using gateway = await protectedBy({ auth: ', skip_paths: [/status, /public/*]' })
  expect(await Promise.all(['/status', '/public/a/b', '/status/x', '/other'].map((path) => gateway.status(path)))).toEqual([
    200, 200, 401, 401,
  ])
})

behaviour('middleware[auth].providers[]', 'are asked, in the order of the list; every one by default', async () => {
  const both = [JWT, PARTNERS]
  await using every = await protectedBy({ auth: '', plugins: both })
  expect(await statuses(every, '/', us(), partner())).toEqual([200, 200])
  const asking = (path: string, provider: string, plugin: string): string =>
    `path: ${path}, plugins: [${plugin}], middleware: [{ name: auth, providers: [${provider}] }]`
  await using some = await protectedBy({ plugins: [], routes: [asking('/a', 'jwt-auth', JWT), asking('/b', 'partner', PARTNERS)] })
  expect(await statuses(some, '/a', us(), partner())).toEqual([200, 401])
  expect(await statuses(some, '/b', us(), partner())).toEqual([401, 200])
  // Plugins of every route stand alone beside the auth of one: the others must not be open.
  await using beside = await protectedBy({ routes: ['path: /a, middleware: [auth]', 'path: /b'] })
  expect(await statuses(beside, '/a', us(), {})).toEqual([200, 401])
  expect(await statuses(beside, '/b', us(), {})).toEqual([200, 401])
})

/** What the upstream is told in these fields. */
async function told(gateway: Running, names: readonly string[]): Promise<readonly (string | undefined)[]> {
  const forged = Object.fromEntries(names.map((name) => [name, 'forged']))
  const { headers } = us({ roles: ['admin', 'editor'], scope: 'read write' })
  expect(await gateway.status('/', { headers: { ...(headers as Record<string, string>), ...forged } })).toBe(200)
  return names.map((name) => up.requests.at(-1)!.header(name))
}

behaviour('middleware[auth].principal_header', 'tells the upstream who the caller is', async () => {
  await using standard = await protectedBy({ auth: '' })
  expect(await told(standard, ['x-auth-principal'])).toEqual(['ann'])
  await using named = await protectedBy({ auth: ', principal_header: X-User' })
  expect(await told(named, ['x-user', 'x-auth-principal'])).toEqual(['ann', undefined])
})

behaviour('middleware[auth].roles_header', 'tells the upstream the roles', async () => {
  await using standard = await protectedBy({ auth: '' })
  expect(await told(standard, ['x-auth-roles'])).toEqual(['admin,editor'])
  await using named = await protectedBy({ auth: ', roles_header: X-Roles' })
  expect(await told(named, ['x-roles'])).toEqual(['admin,editor'])
})

behaviour('middleware[auth].scopes_header', 'tells the upstream the scopes', async () => {
  await using standard = await protectedBy({ auth: '' })
  expect(await told(standard, ['x-auth-scopes'])).toEqual(['read write'])
  await using named = await protectedBy({ auth: ', scopes_header: X-Scopes' })
  expect(await told(named, ['x-scopes'])).toEqual(['read write'])
})

behaviour('routes[].auth', 'false admits everybody, a map demands a credential, without it auth decides', async () => {
  const routes = ['path: /open, auth: false', 'path: /closed, auth: {}', 'path: /other']
  await using strict = await protectedBy({ auth: '', routes })
  expect(await Promise.all(['/open', '/closed', '/other'].map((path) => strict.status(path)))).toEqual([200, 401, 401])
  await using lax = await protectedBy({ auth: ', required: false', routes })
  expect(await Promise.all(['/open', '/closed', '/other'].map((path) => lax.status(path)))).toEqual([200, 401, 200])
})

behaviour('routes[].auth', 'holds for a plugin that stands alone too', async () => {
  await using gateway = await protectedBy({ routes: ['path: /open, auth: false', 'path: /closed'] })
  expect(await Promise.all(['/open', '/closed'].map((path) => gateway.status(path)))).toEqual([200, 401])
})

behaviour('routes[].auth.providers[]', 'only what they say counts', async () => {
  await using gateway = await protectedBy({
    auth: '',
    plugins: [JWT, PARTNERS],
    routes: ['path: /a, auth: { providers: [partner] }', 'path: /b'],
  })
  expect(await statuses(gateway, '/a', us(), partner())).toEqual([401, 200])
  expect(await statuses(gateway, '/b', us(), partner())).toEqual([200, 200])
})

behaviour('routes[].auth.scopes[]', 'all of them are needed', async () => {
  await using gateway = await protectedBy({ auth: '', routes: ['path: /a, auth: { scopes: [read, write] }', 'path: /b'] })
  const read = us({ scope: 'read' })
  expect(await statuses(gateway, '/a', {}, read, us({ scope: 'write read' }))).toEqual([401, 403, 200])
  expect(await gateway.status('/b', read)).toBe(200)
})

behaviour('routes[].auth.roles[]', 'one of them is enough', async () => {
  await using gateway = await protectedBy({ auth: '', routes: ['path: /a, auth: { roles: [admin, owner] }', 'path: /b'] })
  const editor = us({ roles: ['editor'] })
  expect(await statuses(gateway, '/a', {}, editor, us({ roles: ['editor', 'owner'] }))).toEqual([401, 403, 200])
  expect(await gateway.status('/b', editor)).toBe(200)
})
