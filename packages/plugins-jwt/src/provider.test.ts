import { describe, expect, test } from 'vitest'
import { ALGORITHM_NAMES, isSymmetric } from './algorithms.ts'
import { CLAIMS, SECRET, START, base64url, signed, signedBytes, signedWithSecret, signer } from './testing/tokens.ts'
import { jwtProvider } from './provider.ts'
import { working } from './testing/surroundings.ts'
import type { Algorithm } from './algorithms.ts'
import type { JwtOptions } from './options.ts'

const ann = { provider: 'jwt-auth', principal: 'ann' }
const denied = { error: 'invalid_token' }
const seconds = START / 1000

const keyFor = async (algorithm: Algorithm): Promise<JwtOptions> =>
  isSymmetric(algorithm) ? { secret: SECRET } : { publicKey: (await signer(algorithm)).pem }
const tokenOf = async (algorithm: Algorithm): Promise<string> =>
  isSymmetric(algorithm) ? signedWithSecret(CLAIMS, algorithm) : (await signer(algorithm)).sign()

describe.each(ALGORITHM_NAMES)('%s', (algorithm) => {
  test('a good token is accepted, with the algorithm named and by default', async () => {
    for (const more of [{}, { algorithms: [algorithm] }]) {
      await using provider = await working({ ...(await keyFor(algorithm)), ...more })
      expect(await provider.ask(await tokenOf(algorithm))).toMatchObject({ ...ann, claims: { sub: 'ann' } })
    }
  })

  test('another key, other claims, another signature, none: refused', async () => {
    await using provider = await working(await keyFor(algorithm))
    const good = await tokenOf(algorithm)
    const [header, payload, signature] = good.split('.') as [string, string, string]
    const stranger = isSymmetric(algorithm)
      ? await signedWithSecret(CLAIMS, algorithm, SECRET.toUpperCase())
      : await (await signer(algorithm, 'stranger')).sign()
    const flipped = `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`
    for (const bad of [
      stranger,
      `${header}.${base64url({ ...CLAIMS, sub: 'root' })}.${signature}`,
      `${header}.${payload}.${flipped}`,
      `${header}.${payload}.${signature.slice(0, -8)}`,
      `${header}.${payload}.${base64url('x')}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
    ]) {
      expect(await provider.ask(bad), bad).toMatchObject(denied)
    }
    expect(await provider.ask(good)).toMatchObject(ann)
  })
})

describe('algorithms are the key’s choice, never the token’s', () => {
  test('none is refused in every spelling', async () => {
    for (const options of [{ secret: SECRET }, await keyFor('RS256'), await keyFor('ES256')]) {
      await using provider = await working(options)
      for (const alg of ['none', 'None', 'NONE', 'nOnE', '', 'HS256 ', 'hs256']) {
        const unsigned = `${base64url({ alg })}.${base64url(CLAIMS)}`
        for (const token of [`${unsigned}.`, `${unsigned}.AA`]) expect(await provider.ask(token), token).toMatchObject(denied)
      }
    }
  })

  test('a public key is no secret: a token signed with its text as HMAC key is refused', async () => {
    for (const algorithm of ['RS256', 'PS256', 'ES256', 'EdDSA'] as const) {
      const { pem } = await signer(algorithm)
      await using provider = await working({ publicKey: pem })
      for (const secret of [pem, pem.trim(), pem.replaceAll('\n', '')]) {
        for (const hmac of ['HS256', 'HS384', 'HS512'] as const) {
          expect(await provider.ask(await signedWithSecret(CLAIMS, hmac, secret)), hmac).toMatchObject(denied)
        }
      }
    }
  })

  test('an RSA key does RS and PS of every hash; named algorithms narrow it', async () => {
    const { pem, privateKey } = await signer('RS256')
    await using all = await working({ publicKey: pem })
    const { subtle } = crypto
    const pkcs8 = await subtle.exportKey('pkcs8', privateKey)
    const pss = await subtle.importKey('pkcs8', pkcs8, { name: 'RSA-PSS', hash: 'SHA-512' }, false, ['sign'])
    const token = await signed(CLAIMS, { alg: 'PS512' }, pss)
    expect(await all.ask(token)).toMatchObject(ann)
    await using narrow = await working({ publicKey: pem, algorithms: ['RS256', 'RS512'] })
    expect(await narrow.ask(token)).toEqual({
      error: 'invalid_token',
      description: 'The token is signed with an algorithm that is not accepted',
    })
  })

  test('a secret that is too short for an algorithm does not do it', async () => {
    const secret = SECRET.slice(0, 40)
    await using provider = await working({ secret })
    expect(await provider.ask(await signedWithSecret(CLAIMS, 'HS256', secret))).toMatchObject(ann)
    expect(await provider.ask(await signedWithSecret(CLAIMS, 'HS384', secret))).toMatchObject(denied)
  })

  test('keys that a token brings along are never used', async () => {
    const mallory = await signer('ES256', 'mallory')
    await using provider = await working(await keyFor('ES256'))
    for (const header of [
      { jwk: mallory.jwk },
      { jku: 'http://127.0.0.1:9/keys' },
      { x5u: 'http://127.0.0.1:9/' },
      { kid: '../../dev/null' },
    ]) {
      expect(await provider.ask(await mallory.sign(CLAIMS, header))).toMatchObject(denied)
    }
  })
})

describe('the header', () => {
  const withHeader = (header: Record<string, unknown>) => `${base64url({ alg: 'HS256', ...header })}.${base64url(CLAIMS)}.AAAA`

  test('critical and unencoded extensions are refused before anything is calculated', async () => {
    await using provider = await working({ secret: SECRET })
    for (const header of [{ crit: ['exp'], exp: 1 }, { crit: ['b64'], b64: false }, { b64: false }, { crit: [] }, { crit: null }]) {
      expect(await provider.ask(withHeader(header))).toEqual({
        error: 'invalid_token',
        description: 'The token uses extensions that are not understood',
      })
    }
  })

  test('the type may be missing or an access token’s; tokens made for something else are refused', async () => {
    await using provider = await working({ secret: SECRET })
    const sign = (typ?: unknown) =>
      signed(CLAIMS, { alg: 'HS256', ...(typ === undefined ? {} : { typ }) }, new TextEncoder().encode(SECRET))
    for (const typ of [undefined, 'JWT', 'jwt', 'at+jwt', 'application/at+jwt', 'Application/AT+JWT']) {
      expect(await provider.ask(await sign(typ)), String(typ)).toMatchObject(ann)
    }
    for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'application/application/jwt', '', 7]) {
      expect(await provider.ask(await sign(typ)), String(typ)).toMatchObject(denied)
    }
  })
})

describe('dates', () => {
  const tolerance = 5
  test.each<[string, Record<string, unknown>, boolean]>([
    ['expired long ago', { exp: seconds - 100 }, false],
    ['expired just beyond the tolerance', { exp: seconds - tolerance }, false],
    ['expired within the tolerance', { exp: seconds - tolerance + 1 }, true],
    ['expires in the future', { exp: seconds + 1 }, true],
    ['not valid for long', { exp: seconds + 100, nbf: seconds + 50 }, false],
    ['not valid just beyond the tolerance', { nbf: seconds + tolerance + 1 }, false],
    ['not valid within the tolerance', { nbf: seconds + tolerance }, true],
    ['a date as text', { exp: String(seconds + 100) }, false],
    ['no date', { exp: null }, false],
    ['a list of dates', { nbf: [seconds] }, false],
    ['issued at some text', { iat: 'yesterday' }, false],
    ['fractions of a second', { exp: seconds + 0.5 }, true],
    ['without dates', {}, true],
  ])('%s', async (_what, claims, isAccepted) => {
    await using provider = await working({ secret: SECRET })
    const token = await signedBytes(Buffer.from(JSON.stringify({ sub: 'ann', ...claims })))
    expect(await provider.ask(token)).toMatchObject(isAccepted ? ann : denied)
  })

  test('the tolerance can be chosen', async () => {
    const token = await signedWithSecret({ sub: 'ann', exp: seconds - 30 })
    await using strict = await working({ secret: SECRET, clockTolerance: 0 })
    await using lenient = await working({ secret: SECRET, clockTolerance: '1m' })
    expect(await strict.ask(token)).toEqual({ error: 'invalid_token', description: 'The token has expired' })
    expect(await lenient.ask(token)).toMatchObject(ann)
  })
})

describe('[R5] a remembered token', () => {
  test('is answered at once, with the same identity, and that cannot be changed', async () => {
    await using provider = await working({ secret: SECRET })
    const token = await signedWithSecret({ ...CLAIMS, roles: ['reader'], deep: { list: [1] } })
    const first = provider.ask(token)
    expect(first).toBeInstanceOf(Promise)
    const identity = await first
    expect(provider.ask(token)).toBe(identity)
    const { claims, roles } = identity as unknown as { claims: { deep: { list: number[] } }; roles: string[] }
    expect(() => roles.push('admin')).toThrow(TypeError)
    expect(() => claims.deep.list.push(2)).toThrow(TypeError)
  })

  test('[R5] dies at exp, the tolerance apart', async () => {
    await using provider = await working({ secret: SECRET })
    const token = await signedWithSecret({ sub: 'ann', exp: seconds + 10 })
    await provider.ask(token)
    provider.clock.advance(9_999)
    expect(provider.ask(token)).toMatchObject(ann)
    provider.clock.advance(1)
    const late = provider.ask(token)
    expect(late).toBeInstanceOf(Promise)
    expect(await late).toMatchObject(ann)
    provider.clock.advance(5_000)
    expect(await provider.ask(token)).toMatchObject(denied)
  })

  test('[R5] without exp is looked at again every five minutes', async () => {
    await using provider = await working({ secret: SECRET })
    const token = await signedWithSecret({ sub: 'ann' })
    await provider.ask(token)
    provider.clock.advance(299_999)
    expect(provider.ask(token)).toMatchObject(ann)
    provider.clock.advance(1)
    expect(provider.ask(token)).toBeInstanceOf(Promise)
  })

  test('[R5] belongs to the credential that was used, wherever it was', async () => {
    await using provider = await working({ secret: SECRET, from: ['header:authorization', 'cookie:session', 'query:token'] })
    const [anns, bobs] = [await signedWithSecret(), await signedWithSecret({ ...CLAIMS, sub: 'bob' })]
    for (const token of [anns, bobs]) await provider.ask(token)
    const ask = (flat: string[], target?: string) => provider.askRequest(flat, target)
    // The same Authorization, or none, beside another credential: the identity is that of the credential that counts.
    expect(ask(['authorization', `Bearer ${anns}`, 'cookie', `session=${bobs}`])).toMatchObject({ principal: 'ann' })
    expect(ask(['cookie', `session=${bobs}`])).toMatchObject({ principal: 'bob' })
    expect(ask(['cookie', `session=${anns}`])).toMatchObject({ principal: 'ann' })
    expect(ask([], `/?token=${bobs}`)).toMatchObject({ principal: 'bob' })
    expect(ask(['authorization', 'Basic YTpi', 'cookie', `session=${bobs}`])).toMatchObject({ principal: 'bob' })
    // A part of a remembered token, or one with something added, is another token.
    for (const other of [anns.slice(1), `x${anns}`, `${anns}A`, anns.slice(-40)]) expect(await provider.ask(other)).toMatchObject(denied)
  })

  test('[R5] of one provider is unknown to another', async () => {
    const token = await signedWithSecret({ ...CLAIMS, iss: 'https://staff.example' })
    await using staff = await working({ secret: SECRET, issuer: 'https://staff.example' }, { name: 'staff' })
    await using guests = await working({ secret: SECRET, issuer: 'https://guests.example' }, { name: 'guests' })
    await using anyone = await working({ secret: SECRET }, { name: 'anyone' })
    expect(await staff.ask(token)).toMatchObject({ provider: 'staff' })
    expect(await guests.ask(token)).toEqual({ error: 'invalid_token', description: 'The token is from another issuer' })
    expect(await anyone.ask(token)).toMatchObject({ provider: 'anyone' })
    expect(staff.ask(token)).toMatchObject({ provider: 'staff' })
    expect(anyone.ask(token)).toMatchObject({ provider: 'anyone' })
  })

  test('[R5] of bad tokens nothing is kept, and of good ones a bounded number', async () => {
    await using provider = await working({ secret: SECRET, cache: 2 })
    const tokens = await Promise.all(['a', 'b', 'c'].map((sub) => signedWithSecret({ ...CLAIMS, sub })))
    for (const token of tokens.slice(0, 2)) await provider.ask(token)
    for (let i = 0; i < 50; i++) await provider.ask(`${tokens[0]!.slice(0, -10)}${String(i).padStart(10, 'A')}`)
    for (const token of tokens.slice(0, 2)) expect(provider.ask(token)).toHaveProperty('principal')
    await provider.ask(tokens[2]!)
    expect(provider.ask(tokens[0]!)).toBeInstanceOf(Promise)
    await using forgetful = await working({ secret: SECRET, cache: 0 })
    await forgetful.ask(tokens[0]!)
    expect(forgetful.ask(tokens[0]!)).toBeInstanceOf(Promise)
  })
})

test('nothing is remembered after the end', async () => {
  const provider = await working({ secret: SECRET })
  const token = await signedWithSecret()
  await provider.ask(token)
  await provider[Symbol.asyncDispose]()
  expect(provider.ask(token)).toBeInstanceOf(Promise)
})

test('equal options make equal identities, so that a reload keeps keys and remembered tokens', () => {
  expect(jwtProvider({ secret: SECRET }).identity).toEqual(jwtProvider({ secret: SECRET }).identity)
  expect(jwtProvider({ secret: SECRET }).identity).not.toEqual(jwtProvider({ secret: SECRET, cache: 1 }).identity)
  expect(jwtProvider({ secret: SECRET }).name).toBe('jwt-auth')
  expect(jwtProvider({ secret: SECRET }, 'partners').name).toBe('partners')
})
