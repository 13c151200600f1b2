import { GatewayError } from '@octopus-gateway/core'
import { KeySet } from './key-set.ts'
import { fetchJson } from './document.ts'
import type { Algorithm } from '../algorithms.ts'
import type { Clock, KeyServerLimits } from '../limits.ts'
import type { ErrorSpec, Logger, MaybePromise } from '@octopus-gateway/core'
import type { KeyProvider, VerificationKey } from './key.ts'
import type { TokenHeader } from '../token/header.ts'

/** What a key server needs from outside. */
export interface KeyServerOptions {
  readonly url: string
  readonly limits: KeyServerLimits
  readonly clock: Clock
  readonly log: Logger
}

const UNAVAILABLE: ErrorSpec = { status: 503, source: 'upstream', retry: 'never', title: 'Credentials cannot be checked at the moment' }

/**
 * The keys that a server publishes. At most one request is under way, whoever asks joins it, and between two of them lies the cooldown: no
 * flood of invented key ids becomes a flood of requests. A server that is down costs nothing as long as its last answer is not too old.
 */
export class KeyServer implements KeyProvider {
  readonly #options: KeyServerOptions
  /** For logs: a query may carry a secret. */
  readonly #place: string
  readonly #closing = new AbortController()
  #set: KeySet | null = null
  /** When the answer behind `#set` was asked for. */
  #asked = 0
  #failures = 0
  #nextRequest = 0
  #pending: Promise<void> | null = null

  constructor(options: KeyServerOptions) {
    this.#options = options
    this.#place = options.url.replace(/\?.*/, '')
    this.#nextRequest = options.clock.monotonic()
    // The first requests find the keys, or a request for them under way; a gateway starts also when its key server does not.
    void this.#refresh()
  }

  isCurrent(): boolean {
    if (this.#set === null) return false
    const { clock, limits } = this.#options
    const age = clock.monotonic() - this.#asked
    if (age < limits.refresh) return true
    // After a quiet night the keys may have changed: ask before anybody gets in with one of yesterday.
    if (age >= limits.drop || (age >= limits.stale && this.#failures === 0)) return false
    void this.#refresh()
    return true
  }

  find(header: TokenHeader, algorithm: Algorithm): MaybePromise<readonly VerificationKey[]> {
    if (this.isCurrent()) {
      const found = this.#set!.find(header, algorithm)
      if (found.length > 0) return found
    }
    return this.#findAnew(header, algorithm)
  }

  close(): void {
    this.#closing.abort()
  }

  async #findAnew(header: TokenHeader, algorithm: Algorithm): Promise<readonly VerificationKey[]> {
    await this.#refresh()
    const found = this.#set?.find(header, algorithm) ?? []
    const isTooOld = this.#options.clock.monotonic() - this.#asked >= this.#options.limits.drop
    if (this.#set !== null && !isTooOld && (found.length > 0 || this.#failures === 0)) return found
    // A key that is not in an old set may be in the one we could not get: nobody can say that the token is wrong.
    throw new GatewayError('jwt/KEYS_UNAVAILABLE', `the keys of ${this.#place} are not available`, undefined, UNAVAILABLE)
  }

  #refresh(): Promise<void> {
    if (this.#pending !== null) return this.#pending
    if (this.#options.clock.monotonic() < this.#nextRequest || this.#closing.signal.aborted) return Promise.resolve()
    this.#pending = this.#load().finally(() => {
      this.#pending = null
    })
    return this.#pending
  }

  async #load(): Promise<void> {
    const { url, limits, clock, log } = this.#options
    const asked = clock.monotonic()
    try {
      const document = await fetchJson(url, { timeout: limits.timeout, bytes: limits.bytes, signal: this.#closing.signal })
      const set = KeySet.read(document, limits.keys, this.#set)
      if (set.keys.length === 0)
        log.warn('the key server publishes no key that can be used', { url: this.#place, objections: set.objections })
      else if (set.objections.length > 0) log.debug('some published keys are not used', { url: this.#place, objections: set.objections })
      this.#set = set
      this.#asked = asked
      this.#failures = 0
      this.#nextRequest = clock.monotonic() + limits.cooldown
    } catch (thrown) {
      if (this.#closing.signal.aborted) return
      this.#nextRequest = clock.monotonic() + Math.min(limits.cooldown, limits.retry * 2 ** this.#failures)
      this.#failures = Math.min(this.#failures + 1, 30)
      log.warn('the key server did not give its keys', {
        url: this.#place,
        reason: reasonOf(thrown),
        serving: this.#set === null ? 'nothing' : 'the last keys',
      })
    }
  }
}

/** What went wrong, with what `fetch` hides in its cause. */
function reasonOf(thrown: unknown): string {
  const { message, cause } = thrown as Error
  return cause instanceof Error && cause.message !== '' ? `${message}: ${cause.message}` : message
}
