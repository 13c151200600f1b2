import { afterEach, describe, expect, test, vi } from 'vitest'
import { hash } from 'bcrypt'
import { bcryptCompare, createVerifier } from './verifier.ts'

const right = { username: 'admin', password: 'pä:ss' }
const wrong = { username: 'admin', password: 'guess' }
const auth = { username: 'admin', passwordHash: await hash(right.password, 4) }

afterEach(() => vi.useRealTimers())

/** A verifier whose comparisons are counted. */
function counting(options = auth) {
  const compare = vi.fn(bcryptCompare)
  return { compare, verifier: createVerifier(options, compare) }
}

describe('createVerifier', () => {
  test('accepts the credential and nothing near it', async () => {
    const { verifier } = counting()
    expect(await verifier.verify(right, 'a')).toEqual({ result: 'accepted' })
    for (const credential of [
      wrong,
      { ...right, username: 'Admin' },
      { username: '', password: '' },
      { username: 'admin:pä', password: 'ss' },
    ]) {
      expect(await verifier.verify(credential, JSON.stringify(credential))).toEqual({ result: 'denied' })
    }
  })

  test('knows the $2y$ hashes of other tools', async () => {
    const { verifier } = counting({ ...auth, passwordHash: auth.passwordHash.replace('$2b$', '$2y$') })
    expect(await verifier.verify(right, 'a')).toEqual({ result: 'accepted' })
  })

  test('believes an accepted credential for five minutes without comparing again', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { verifier, compare } = counting()
    await verifier.verify(right, 'a')
    vi.advanceTimersByTime(299_000)
    expect(await verifier.verify(right, 'b')).toEqual({ result: 'accepted' })
    expect(compare).toHaveBeenCalledTimes(1)
    expect(await verifier.verify({ username: 'other', password: right.password }, 'b')).toEqual({ result: 'denied' })
    vi.advanceTimersByTime(2000)
    expect(await verifier.verify(right, 'a')).toEqual({ result: 'accepted' })
    expect(compare).toHaveBeenCalledTimes(3)
  })

  test('a wrong name costs a comparison like a wrong password', async () => {
    const { verifier, compare } = counting()
    await verifier.verify({ username: 'nobody', password: right.password }, 'a')
    expect(compare).toHaveBeenCalledWith(right.password, auth.passwordHash)
  })

  test('requests at once with one credential share a comparison and count as one attempt', async () => {
    const { verifier, compare } = counting()
    const verdicts = await Promise.all(Array.from({ length: 10 }, () => verifier.verify(wrong, 'a')))
    expect(verdicts).toEqual(verdicts.map(() => ({ result: 'denied' })))
    expect(compare).toHaveBeenCalledTimes(1)
    expect(await verifier.verify(right, 'a')).toEqual({ result: 'accepted' })
  })

  test('never compares two at once, and turns a flood away', async () => {
    let running = 0
    let most = 0
    const verifier = createVerifier(auth, async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return false
    })
    const verdicts = await Promise.all(
      Array.from({ length: 100 }, (_, i) => verifier.verify({ username: 'admin', password: `${i}` }, `address ${i}`)),
    )
    expect(most).toBe(1)
    expect(verdicts.filter(({ result }) => result === 'denied')).toHaveLength(16)
    expect(verdicts.filter(({ result }) => result === 'wait')).toHaveLength(84)
  })

  test('after three failures an address waits, even with the right credential, and others do not', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { verifier, compare } = counting()
    await verifier.verify(right, 'friend')
    for (const password of ['1', '2', '3']) await verifier.verify({ username: 'admin', password }, 'a')
    expect(await verifier.verify(right, 'a')).toEqual({ result: 'wait', wait: 1000 })
    expect(compare).toHaveBeenCalledTimes(4)
    expect(await verifier.verify(right, 'friend')).toEqual({ result: 'accepted' })
    vi.advanceTimersByTime(1000)
    expect(await verifier.verify(right, 'a')).toEqual({ result: 'accepted' })
  })

  test('guesses sent at once do not get past the back-off', async () => {
    const { verifier, compare } = counting()
    await Promise.all(Array.from({ length: 16 }, (_, i) => verifier.verify({ username: 'admin', password: `${i}` }, 'a')))
    expect(compare).toHaveBeenCalledTimes(3)
  })

  test('rejects when the comparison fails, and goes on afterwards', async () => {
    const compare = vi.fn(bcryptCompare)
    compare.mockRejectedValueOnce(new Error('no threads'))
    const verifier = createVerifier(auth, compare)
    await expect(verifier.verify(right, 'a')).rejects.toThrow('no threads')
    expect(await verifier.verify(right, 'a')).toEqual({ result: 'accepted' })
  })
})
