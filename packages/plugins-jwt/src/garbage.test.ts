import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import { ALGORITHM_NAMES } from './algorithms.ts'
import { SECRET, base64url, signedBytes, signer } from './testing/tokens.ts'
import { startKeyServer } from './testing/key-server.ts'
import { working } from './testing/surroundings.ts'

const part = fc.oneof(
  fc.string(),
  fc.base64String().map((text) => text.replace(/=/g, '')),
  fc.json().map((json) => base64url(json)),
  fc
    .record(
      { alg: fc.oneof(fc.constantFrom(...ALGORITHM_NAMES, 'none'), fc.anything()), kid: fc.anything(), typ: fc.anything() },
      { requiredKeys: [] },
    )
    .map((value) => {
      try {
        return base64url(JSON.stringify(value) ?? '')
      } catch {
        // BigInt has no JSON.
        return ''
      }
    }),
)
const garbage = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.')),
)

test('no token, however broken, is more than refused', async () => {
  const { jwk, pem } = await signer('ES256')
  await using server = await startKeyServer([jwk, (await signer('RS256')).jwk, (await signer('EdDSA')).jwk])
  for (const options of [{ secret: SECRET }, { publicKey: pem }, { jwksUrl: server.url }]) {
    await using provider = await working({ ...options, from: ['header:authorization', 'cookie:s', 'query:t'] })
    const refused = { error: expect.stringMatching(/^invalid_(request|token)$/) as string, description: expect.any(String) as string }
    await fc.assert(
      fc.asyncProperty(garbage, async (token) => {
        expect(await provider.ask(token)).toEqual(refused)
        for (const answer of [
          await provider.askRequest(['authorization', token]),
          await provider.askRequest(['cookie', token]),
          await provider.askRequest([], `/?${token}`),
          await provider.askRequest([], `/?t=${token}`),
        ]) {
          if (answer !== null) expect(answer).toEqual(refused)
        }
      }),
      { numRuns: 300 },
    )
  }
})

test('no payload, however signed, is more than refused or read', async () => {
  await using provider = await working({ secret: SECRET, rolesClaim: 'a.b', requiredClaims: ['sub'] })
  const deep = (open: string, close: string) => `{"sub":"ann","a":${open.repeat(5000)}1${close.repeat(5000)}}`
  const payloads = fc.oneof(
    fc.uint8Array(),
    fc.json().map((json) => Buffer.from(json)),
    fc
      .dictionary(fc.constantFrom('sub', 'exp', 'nbf', 'iat', 'a', 'scope', '__proto__'), fc.jsonValue())
      .map((value) => Buffer.from(JSON.stringify(value))),
    fc.constantFrom(deep('[', ']'), '{"sub":"ann","exp":1e999}', '\ufeff{"sub":"ann"}').map((text) => Buffer.from(text)),
  )
  await fc.assert(
    fc.asyncProperty(payloads, async (payload) => {
      const answer = await provider.ask(await signedBytes(payload))
      expect(answer !== null && ('principal' in answer || answer.error === 'invalid_token')).toBe(true)
    }),
    { numRuns: 500 },
  )
})
