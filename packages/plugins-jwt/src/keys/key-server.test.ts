import { describe, expect, test } from 'vitest'
import { closedPort } from '@octopus-gateway/testing'
import { CLAIMS, SECRET, signed, signedWithSecret, signer } from '../testing/tokens.ts'
import { KEY_SERVER } from '../limits.ts'
import { TestClock, working } from '../testing/surroundings.ts'
import { startKeyServer } from '../testing/key-server.ts'
import type { Logger } from '@octopus-gateway/core'
import type { TestKeyServer } from '../testing/key-server.ts'

const ann = { principal: 'ann' }
const denied = { error: 'invalid_token' }
const unavailable = { code: 'jwt/KEYS_UNAVAILABLE', spec: { status: 503 } }
const { cooldown, refresh, stale, drop } = KEY_SERVER
const PATIENT = { timeout: 5000, interval: 5 }

const down = (server: TestKeyServer): void => server.behave((_request, response) => void response.writeHead(500).end())

/** Warnings, as they come. */
function recorder(): { readonly log: Logger; readonly warnings: unknown[] } {
  const warnings: unknown[] = []
  return { warnings, log: { error() {}, info() {}, debug() {}, warn: (message, fields) => void warnings.push({ message, ...fields }) } }
}

test('keys are fetched once, for any number of tokens and algorithms', async () => {
  const signers = await Promise.all((['RS256', 'PS384', 'ES256', 'ES512', 'EdDSA'] as const).map((name) => signer(name)))
  await using server = await startKeyServer(signers.map(({ jwk }) => jwk))
  await using provider = await working({ jwksUrl: server.url })
  const tokens = await Promise.all(signers.map((one) => one.sign()))
  const answers = await Promise.all([...tokens, ...tokens].map((token) => provider.ask(token)))
  expect(answers).toHaveLength(10)
  for (const answer of answers) expect(answer).toMatchObject(ann)
  expect(server.requests).toHaveLength(1)
  expect(server.requests[0]!.headers['accept']).toContain('application/json')
})

describe('rotation', () => {
  test('a token with a new key id makes the keys come anew', async () => {
    const [first, second] = [await signer('ES256', 'first'), await signer('ES256', 'second')]
    await using server = await startKeyServer([first.jwk])
    await using provider = await working({ jwksUrl: server.url })
    expect(await provider.ask(await first.sign())).toMatchObject(ann)
    server.serve([first.jwk, second.jwk])
    provider.clock.advance(cooldown)
    expect(await provider.ask(await second.sign())).toMatchObject(ann)
    expect(server.requests).toHaveLength(2)
    expect(provider.ask(await first.sign({ ...CLAIMS, jti: '2' }))).toBeInstanceOf(Promise)
  })

  test('[R5] a remembered token dies with its key, and those of other keys live on', async () => {
    const [leaked, good] = [await signer('ES256', 'leaked'), await signer('ES256', 'good')]
    await using server = await startKeyServer([leaked.jwk, good.jwk])
    await using provider = await working({ jwksUrl: server.url })
    const [bad, fine] = [await leaked.sign(), await good.sign()]
    for (const token of [bad, fine]) await provider.ask(token)
    server.serve([good.jwk])
    provider.clock.advance(refresh)
    // The first request after the refresh interval starts the refresh and does not wait for it.
    expect(provider.ask(bad)).toMatchObject(ann)
    await expect.poll(() => provider.ask(bad) instanceof Promise, PATIENT).toBe(true)
    expect(await provider.ask(bad)).toEqual({ error: 'invalid_token', description: 'The signature of the token does not count here' })
    expect(provider.ask(fine)).toMatchObject(ann)
    expect(server.requests).toHaveLength(2)
  })

  test('[R5] after a quiet time nobody gets in with a withdrawn key: the keys come first', async () => {
    const leaked = await signer('ES256', 'leaked')
    await using server = await startKeyServer([leaked.jwk])
    await using provider = await working({ jwksUrl: server.url })
    const token = await leaked.sign({ sub: 'ann', exp: CLAIMS.exp! + 86_400 })
    await provider.ask(token)
    server.serve([(await signer('ES256', 'good')).jwk])
    provider.clock.advance(stale)
    expect(await provider.ask(token)).toMatchObject(denied)
  })

  test('a key that comes back under the same id with other numbers is another key', async () => {
    const [before, after] = [await signer('ES256', 'before'), await signer('ES256', 'after')]
    await using server = await startKeyServer([{ ...before.jwk, kid: 'main' }])
    await using provider = await working({ jwksUrl: server.url })
    const old = await before.sign(CLAIMS, { kid: 'main' })
    await provider.ask(old)
    server.serve([{ ...after.jwk, kid: 'main' }])
    provider.clock.advance(stale)
    expect(await provider.ask(old)).toMatchObject(denied)
    expect(await provider.ask(await after.sign(CLAIMS, { kid: 'main' }))).toMatchObject(ann)
  })
})

test('a flood of unknown key ids makes a bounded number of requests, and good tokens go on', async () => {
  const known = await signer('ES256')
  await using server = await startKeyServer([known.jwk])
  await using provider = await working({ jwksUrl: server.url })
  const good = await known.sign()
  await provider.ask(good)
  const strange = await signer('ES256', 'strange')
  for (let second = 0; second < 60; second++) {
    const tokens = await Promise.all([0, 1, 2].map((index) => strange.sign(CLAIMS, { kid: `${second} ${index}` })))
    for (const answer of await Promise.all(tokens.map((token) => provider.ask(token)))) expect(answer).toMatchObject(denied)
    expect(provider.ask(good)).toMatchObject(ann)
    provider.clock.advance(1000)
  }
  // One at the start, one per cooldown.
  expect(server.requests.length).toBeLessThanOrEqual(1 + 60_000 / cooldown)
  expect(server.requests.length).toBeGreaterThan(3)
})

describe('an outage', () => {
  test('without any keys, tokens cannot be judged; the server is asked at growing intervals', async () => {
    const known = await signer('ES256')
    await using server = await startKeyServer()
    down(server)
    const { log, warnings } = recorder()
    await using provider = await working({ jwksUrl: server.url }, { log })
    const token = await known.sign()
    for (let second = 0; second < 31; second++) {
      await expect(provider.ask(token)).rejects.toMatchObject(unavailable)
      provider.clock.advance(1000)
    }
    // After 0, 1, 3, 7, 15 and 25 seconds.
    expect(server.requests).toHaveLength(6)
    expect(warnings).toHaveLength(6)
    expect(warnings[0]).toEqual({
      message: 'the key server did not give its keys',
      url: server.url.replace('?client=gateway', ''),
      reason: 'the status is 500, not 200',
      serving: 'nothing',
    })
    server.serve([known.jwk])
    provider.clock.advance(cooldown)
    expect(await provider.ask(token)).toMatchObject(ann)
  })

  test('the last keys are used for a day, without waiting, and not longer', async () => {
    const known = await signer('ES256')
    await using server = await startKeyServer([known.jwk])
    await using provider = await working({ jwksUrl: server.url })
    const claims = { sub: 'ann', exp: CLAIMS.exp! + 200_000 }
    await provider.ask(await known.sign(claims))
    down(server)
    for (const [index, age] of [refresh, stale, stale, drop - refresh - 2 * stale - 1].entries()) {
      provider.clock.advance(age)
      expect(await provider.ask(await known.sign({ ...claims, jti: String(index) })), String(index)).toMatchObject(ann)
    }
    provider.clock.advance(1)
    await expect(provider.ask(await known.sign(claims))).rejects.toMatchObject(unavailable)
  })

  test('a token with an unknown key may be good: it is not called bad while the server is down', async () => {
    const [known, rotated] = [await signer('ES256'), await signer('ES256', 'rotated')]
    await using server = await startKeyServer([known.jwk])
    await using provider = await working({ jwksUrl: server.url })
    await provider.ask(await known.sign())
    down(server)
    provider.clock.advance(cooldown)
    await expect(provider.ask(await rotated.sign())).rejects.toMatchObject(unavailable)
    // A form that no key could make good is still refused.
    expect(await provider.ask(await signedWithSecret(CLAIMS, 'HS256', SECRET))).toMatchObject(denied)
  })

  test('nobody listens, nobody answers, garbage, too much, a redirect: each a failure, in time', async () => {
    const known = await signer('ES256')
    const token = await known.sign()
    await using server = await startKeyServer()
    const { log, warnings } = recorder()
    await using real = await startKeyServer([known.jwk])
    const behaviours: [Parameters<TestKeyServer['behave']>[0], RegExp][] = [
      [() => {}, /no whole answer within 200 ms/],
      [(_request, response) => void response.writeHead(200).write('{"keys":['), /no whole answer within 200 ms/],
      [(request) => void request.socket.destroy(), /fetch failed/],
      [(_request, response) => void response.end('<html>'), /JSON/],
      [(_request, response) => void response.end('[]'), /not a key set/],
      [(_request, response) => void response.end('{"keys":{}}'), /not a key set/],
      [(_request, response) => void response.end('{"keys":[null]}'), /not a key set/],
      [
        (_request, response) => void response.end(JSON.stringify({ keys: [known.jwk], padding: 'x'.repeat(600_000) })),
        /more than 524288 bytes/,
      ],
      [(_request, response) => void response.end(JSON.stringify({ keys: Array.from({ length: 101 }, () => known.jwk) })), /101 keys/],
      [(_request, response) => void response.writeHead(302, { location: real.url }).end(), /status is 302/],
      [(_request, response) => void response.end(Buffer.from([0x7b, 0xff, 0x7d])), /./],
    ]
    for (const [behaviour, reason] of behaviours) {
      server.behave(behaviour)
      // Only those that hang need a short wait.
      const timeout = reason.source.includes('whole answer') ? 200 : KEY_SERVER.timeout
      await using provider = await working({ jwksUrl: server.url }, { log, limits: { timeout } })
      await expect(provider.ask(token)).rejects.toMatchObject(unavailable)
      expect((warnings.at(-1) as { reason: string }).reason).toMatch(reason)
    }
    await using provider = await working({ jwksUrl: `http://127.0.0.1:${await closedPort()}/` }, { log })
    await expect(provider.ask(token)).rejects.toMatchObject(unavailable)
    expect((warnings.at(-1) as { reason: string }).reason).toMatch(/ECONNREFUSED/)
    expect(real.requests).toEqual([])
  })

  test('a bad document changes nothing', async () => {
    const known = await signer('ES256')
    await using server = await startKeyServer([known.jwk])
    await using provider = await working({ jwksUrl: server.url })
    const token = await known.sign()
    await provider.ask(token)
    server.behave((_request, response) => void response.end(JSON.stringify({ keys: [known.jwk, 'x'] })))
    provider.clock.advance(refresh)
    expect(provider.ask(token)).toMatchObject(ann)
    await expect.poll(() => server.requests.length, PATIENT).toBe(2)
    await expect(provider.ask(await (await signer('ES256', 'strange')).sign())).rejects.toMatchObject(unavailable)
    expect(provider.ask(token)).toMatchObject(ann)
  })
})

describe('which key', () => {
  test('keys for something else are not used', async () => {
    const { jwk, sign } = await signer('RS256')
    const { jwk: ec } = await signer('ES384')
    const secret = { kty: 'oct', k: Buffer.from(SECRET).toString('base64url'), kid: 'RS256' }
    const token = await sign()
    for (const published of [
      { ...jwk, use: 'enc' },
      { ...jwk, alg: 'RS512' },
      { ...jwk, alg: 'RSA-OAEP' },
      { ...jwk, key_ops: ['encrypt'] },
      { ...jwk, kid: 'other' },
      { ...jwk, n: jwk.n!.slice(0, 171) },
      { ...jwk, d: 'AQAB' },
      { ...jwk, kty: 'EC' },
      { ...ec, kid: 'RS256' },
      secret,
    ]) {
      await using server = await startKeyServer([published])
      await using provider = await working({ jwksUrl: server.url })
      expect(await provider.ask(token), JSON.stringify(published)).toMatchObject(denied)
      expect(await provider.ask(await signed(CLAIMS, { alg: 'HS256', kid: 'RS256' }, Buffer.from(SECRET)))).toMatchObject(denied)
    }
    for (const published of [jwk, { ...jwk, alg: 'RS256' }, { ...jwk, key_ops: ['verify'] }, { ...jwk, use: undefined, more: {} }]) {
      await using server = await startKeyServer([secret, { ...jwk, use: 'enc' }, published as typeof jwk])
      await using provider = await working({ jwksUrl: server.url })
      expect(await provider.ask(token)).toMatchObject(ann)
    }
  })

  test('a token without a key id is tried with every key that fits, up to four', async () => {
    const signers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((kid) => signer('ES256', kid)))
    await using server = await startKeyServer([(await signer('RS256')).jwk, ...signers.map(({ jwk }) => jwk)])
    await using provider = await working({ jwksUrl: server.url })
    const answers = await Promise.all(signers.map(async (one) => provider.ask(await one.sign(CLAIMS, { kid: undefined }))))
    expect(answers.map((answer) => answer !== null && 'principal' in answer)).toEqual([true, true, true, true, false])
  })

  test('broken key material is nobody’s key', async () => {
    const { jwk, sign } = await signer('ES256')
    const { log, warnings } = recorder()
    await using server = await startKeyServer([
      { ...jwk, x: 'AAAA' },
      { ...jwk, kid: 7 as unknown as string },
    ])
    await using provider = await working({ jwksUrl: server.url }, { log })
    expect(await provider.ask(await sign())).toMatchObject(denied)
    expect(warnings).toEqual([])
    server.serve([{ kty: 'EC', d: 'x' }])
    provider.clock.advance(stale)
    expect(await provider.ask(await sign())).toMatchObject(denied)
    expect(warnings).toEqual([
      {
        message: 'the key server publishes no key that can be used',
        url: server.url.replace(/\?.*/, ''),
        objections: ['keys[0]: it contains a private key'],
      },
    ])
  })
})

test('the end of a provider ends its fetch, and says nothing', async () => {
  await using server = await startKeyServer()
  const closed = new Promise<void>((resolve) => server.behave((request) => void request.socket.once('close', resolve)))
  const { log, warnings } = recorder()
  const provider = await working({ jwksUrl: server.url }, { log, clock: new TestClock() })
  const pending = expect(provider.ask(await (await signer('ES256')).sign())).rejects.toMatchObject(unavailable)
  await expect.poll(() => server.requests.length, PATIENT).toBe(1)
  await provider[Symbol.asyncDispose]()
  await closed
  await pending
  expect(warnings).toEqual([])
})
