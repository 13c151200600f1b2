import { expect, test } from 'vitest'
import { refused, running } from './keys/running.ts'
import { SECRET, withToken } from './keys/token.ts'
import { startService } from '@octopus-gateway/testing'
import { upstream } from './keys/yaml.ts'

/** As it stands in the reference, the path of the plugin aside. */
const BLOCK = `middleware:                # order is a contract
  - auth
  - rate_limit
  - cors
  - compression

plugins:
  - name: jwt-auth
    path: ./plugins/jwt-auth.js
    config:
      secret: \${JWT_SECRET}
`

/** A module of one's own, which may be the gateway's under another name. */
const MODULE = `export { jwt as default } from '${new URL('../../plugins-jwt/src/index.ts', import.meta.url).href}'`
const files = { 'plugins/jwt-auth.js': MODULE }

test('the policies of the reference run in their order, and its plugin says who callers are', async () => {
  await using up = await startService()
  await using gateway = await running(BLOCK + upstream(up.port), { env: { JWT_SECRET: SECRET }, files })
  const refusal = await fetch(gateway.url)
  expect([refusal.status, refusal.headers.get('www-authenticate'), refusal.headers.get('ratelimit')]).toEqual([
    401,
    expect.stringMatching(/^Bearer/),
    null,
  ])
  expect(up.count).toBe(0)
  const { headers } = withToken()
  const answer = await fetch(`${gateway.url}/${'a'.repeat(1024)}`, {
    headers: { ...headers, 'accept-encoding': 'gzip', origin: 'https://a.example' },
  })
  expect([answer.status, answer.headers.get('content-encoding'), answer.headers.get('access-control-allow-origin')]).toEqual([
    200,
    'gzip',
    null,
  ])
  expect(answer.headers.get('ratelimit-policy')).toContain('q=100;w=1')
  expect(up.requests.at(-1)!.header('x-auth-principal')).toBe('ann')
  const preflight = await fetch(gateway.url, {
    method: 'OPTIONS',
    headers: { origin: 'https://a.example', 'access-control-request-method': 'GET' },
  })
  expect([preflight.status, up.count]).toEqual([204, 1])
})

test('the native library of the reference is refused, with what to do', async () => {
  const { code, err } = await refused(BLOCK.replace('./plugins/jwt-auth.js', '/plugins/jwt-auth.so'), { env: { JWT_SECRET: SECRET } })
  expect(code).toBe(78)
  expect(err).toMatch(
    /octopus\.yaml:9:5: plugins\[0\]\.path: is a native library \(\.so\), and native plugins are not supported; remove path: jwt-auth comes with/,
  )
})

test('a secret that is too short is told without being shown', async () => {
  const { code, err } = await refused(BLOCK.replace('    path: ./plugins/jwt-auth.js\n', ''), { env: { JWT_SECRET: 'hunter2' } })
  expect(code).toBe(78)
  expect(err).toMatch(/octopus\.yaml:10:7: plugins\[0\]\.config\.secret: it has 7 bytes/)
  expect(err).not.toContain('hunter2')
})

test('without the variable nothing starts', async () => {
  const { code, err } = await refused(BLOCK, { files })
  expect([code, err]).toEqual([78, expect.stringContaining('the environment variable JWT_SECRET is not set')])
})
