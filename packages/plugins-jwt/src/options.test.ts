import { expect, test } from 'vitest'
import { ConfigError, silentLogger } from '@octopus-gateway/core'
import { SECRET } from './testing/tokens.ts'
import { jwtProvider, settingsOf } from './provider.ts'
import type { JwtOptions } from './options.ts'

/** What is wrong with options, by place. */
async function problems(options: unknown): Promise<Record<string, string>> {
  const thrown = await Promise.resolve(jwtProvider(options as JwtOptions).setup({ log: silentLogger })).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(ConfigError)
  return Object.fromEntries((thrown as ConfigError).issues.map(({ path, message }) => [path, message]))
}

test('every option has a default but the key', () => {
  expect(settingsOf({ secret: SECRET }, 'jwt-auth')).toEqual({
    key: { kind: 'secret', secret: SECRET },
    algorithms: undefined,
    issuers: null,
    audiences: null,
    clockTolerance: 5000,
    requiredClaims: [],
    from: [{ in: 'header', name: 'authorization' }],
    rolesClaim: { name: 'roles', parts: null },
    scopesClaims: [
      { name: 'scope', parts: null },
      { name: 'scp', parts: null },
    ],
    cache: 10_000,
  })
})

test('exactly one key', async () => {
  expect(await problems({})).toEqual({ 'jwt-auth': 'there is no key: give one of secret, publicKey (PEM text or file) and jwksUrl' })
  expect(await problems({ secret: undefined })).toHaveProperty('jwt-auth')
  expect(await problems({ secret: SECRET, jwksUrl: 'https://a.example/keys' })).toEqual({
    'jwt-auth.jwksUrl': 'secret and jwksUrl exclude each other: which of them counts must not be a guess',
  })
  expect(await problems({ secret: SECRET, publicKey: 'x', jwksUrl: 'y' })).toHaveProperty(['jwt-auth.publicKey'])
  expect(await problems(undefined)).toHaveProperty('jwt-auth')
})

test('weak secrets are refused (RFC 7518, section 3.2)', async () => {
  expect(await problems({ secret: 'changeme' })).toEqual({
    'jwt-auth.secret': 'it has 8 bytes; HS256 needs at least 32 bytes (RFC 7518, section 3.2). Make one: openssl rand -base64 48',
  })
  for (const [algorithm, bytes] of [
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ] as const) {
    const secret = SECRET.slice(0, bytes)
    expect(settingsOf({ secret, algorithms: [algorithm] }, 'jwt-auth').algorithms).toEqual([algorithm])
    expect((await problems({ secret: secret.slice(1), algorithms: [algorithm] }))['jwt-auth.secret']).toContain(
      `${algorithm} needs at least ${bytes}`,
    )
  }
  // Bytes count, not characters.
  expect(settingsOf({ secret: 'ä'.repeat(16) }, 'jwt-auth')).toBeDefined()
  expect((await problems({ secret: '' }))['jwt-auth.secret']).toMatch(/^it has 0 bytes/)
})

test('kinds of keys and of algorithms never mix', async () => {
  const jwksUrl = 'https://login.example/keys'
  for (const options of [
    { secret: SECRET, algorithms: ['HS256', 'RS256'] },
    { publicKey: '-----BEGIN PUBLIC KEY-----', algorithms: ['HS256'] },
    { jwksUrl, algorithms: ['ES256', 'HS512'] },
    { secret: SECRET, algorithms: ['none'] },
    { secret: SECRET, algorithms: [] },
    { secret: SECRET, algorithms: ['hs256'] },
  ]) {
    expect(Object.keys(await problems(options))[0], JSON.stringify(options)).toMatch(/^jwt-auth\.algorithms/)
  }
  expect((await problems({ secret: `-----BEGIN PUBLIC KEY-----${SECRET}` }))['jwt-auth.secret']).toMatch(/belongs in publicKey/)
})

test('keys come over https, or http from this machine', async () => {
  for (const jwksUrl of [
    'https://login.example/keys',
    'http://localhost:8080/keys',
    'http://127.0.0.1/keys',
    'http://127.8.9.1/keys',
    'http://[::1]:8080/keys',
    'http://login.localhost/',
  ]) {
    expect(settingsOf({ jwksUrl }, 'jwt-auth').key, jwksUrl).toEqual({ kind: 'jwks', url: jwksUrl })
  }
  for (const jwksUrl of [
    'http://login.example/keys',
    'http://10.0.0.1/keys',
    'http://127.0.0.1.example/',
    'http://localhost.example/',
    'http://128.0.0.1/',
    'ftp://127.0.0.1/',
    'file:///keys',
    'keys',
    'https://a:b@login.example/keys',
  ]) {
    expect(await problems({ jwksUrl }), jwksUrl).toHaveProperty(['jwt-auth.jwksUrl'])
  }
  expect(settingsOf({ jwksUrl: 'http://login.svc/keys', allowInsecureJwks: true }, 'jwt-auth')).toBeDefined()
  for (const jwksUrl of ['ftp://login.svc/', 'http://a@login.svc/']) {
    expect(await problems({ jwksUrl, allowInsecureJwks: true })).toHaveProperty(['jwt-auth.jwksUrl'])
  }
  expect(await problems({ secret: SECRET, allowInsecureJwks: true })).toHaveProperty(['jwt-auth.allowInsecureJwks'])
})

test('all problems of form come together, each with its place', async () => {
  const options = {
    secret: SECRET,
    issuer: [],
    audience: '',
    clockTolerance: '6m',
    requiredClaims: 7,
    from: ['header:authorization', 'body:token'],
    rolesClaim: 'a..b',
    scopesClaim: '.',
    cache: 1.5,
    audiences: 'x',
  }
  expect(Object.keys(await problems(options)).sort()).toEqual([
    'jwt-auth.audience',
    'jwt-auth.audiences',
    'jwt-auth.cache',
    'jwt-auth.clockTolerance',
    'jwt-auth.from.1',
    'jwt-auth.issuer',
    'jwt-auth.requiredClaims',
    'jwt-auth.rolesClaim',
    'jwt-auth.scopesClaim',
  ])
  for (const more of [
    { clockTolerance: -1 },
    { clockTolerance: '5' },
    { cache: -1 },
    { cache: 1e9 },
    { from: [] },
    { requiredClaims: { a: [] } },
    { requiredClaims: { a: {} } },
  ]) {
    expect(Object.keys(await problems({ secret: SECRET, ...more }))[0], JSON.stringify(more)).toMatch(/^jwt-auth\./)
  }
})
