import { createBackoff } from './backoff.ts'
import { createDigester } from './digest.ts'
import { createTurns } from './turns.ts'
import type { AdminAuth } from '../options.ts'
import type { Credential } from './credential.ts'

/** How long an accepted credential is believed without another comparison. */
const BELIEVED_MS = 300_000
/** Comparisons that may wait; each takes a core for tens of milliseconds. */
const WAITING = 16

/** The outcome of a check; `wait` is in milliseconds. */
export type Verdict = { readonly result: 'accepted' | 'denied' } | { readonly result: 'wait'; readonly wait: number }

/** Checks credentials against the configured one. */
export interface Verifier {
  /** `address` is who tries. Rejects when the comparison itself cannot be made. */
  verify(credential: Credential, address: string): Promise<Verdict>
}

/** Compares a password with a bcrypt hash. */
export type Compare = (password: string, hash: string) => Promise<boolean>

/** bcrypt in its own threads; loaded on first use, so that this package also loads where it cannot run. */
export const bcryptCompare: Compare = async (password, hash) => {
  const { default: bcrypt } = await import('bcrypt')
  return bcrypt.compare(password, hash)
}

/** A verifier for one user. Whether the name or the password was wrong makes no difference that can be seen or measured. */
export function createVerifier(auth: AdminAuth, compare: Compare = bcryptCompare): Verifier {
  // `$2y$` is what Apache's and PHP's tools write for the algorithm that is called `$2b$` elsewhere.
  const hash = auth.passwordHash.replace(/^\$2y\$/, '$2b$')
  const backoff = createBackoff()
  const turns = createTurns(WAITING)
  const digest = createDigester()
  const running = new Map<string, Promise<Verdict>>()
  let accepted: { readonly digest: string; readonly until: number } | undefined

  const check = async (credential: Credential, address: string): Promise<Verdict> => {
    const wait = backoff.wait(address)
    if (wait > 0) return { result: 'wait', wait }
    const sameUser = (await digest(credential.username)) === (await digest(auth.username))
    const samePassword = await compare(credential.password, hash)
    if (sameUser && samePassword) backoff.succeeded(address)
    else backoff.failed(address)
    return { result: sameUser && samePassword ? 'accepted' : 'denied' }
  }

  return {
    async verify(credential, address) {
      // Before the cache: otherwise guesses could be tried against it without a limit.
      const wait = backoff.wait(address)
      if (wait > 0) return { result: 'wait', wait }
      const key = await digest(`${credential.username}\0${credential.password}`)
      if (accepted?.digest === key && performance.now() < accepted.until) return { result: 'accepted' }
      // A page loads its parts at once: they share one comparison and, if it fails, count as one attempt.
      const attempt = `${address}\0${key}`
      const shared = running.get(attempt)
      if (shared !== undefined) return shared
      const verdict = turns.run(() => check(credential, address))
      if (verdict === undefined) return { result: 'wait', wait: 1000 }
      running.set(attempt, verdict)
      try {
        const { result } = await verdict
        if (result === 'accepted') accepted = { digest: key, until: performance.now() + BELIEVED_MS }
      } finally {
        running.delete(attempt)
      }
      return verdict
    },
  }
}
