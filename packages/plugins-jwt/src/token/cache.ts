import { LRUCache } from 'lru-cache'
import { CACHED_CHARS, MAX_TOKEN } from '../limits.ts'
import type { Identity } from '@octopus-gateway/core/plugins'
import type { VerificationKey } from '../keys/key.ts'

/** What a token has proven, and for how long. */
export interface Proof {
  readonly identity: Identity
  /** The key that has signed the token. When it is withdrawn, so is the proof. */
  readonly key: VerificationKey
  /** Wall clock, in milliseconds: counts from here… */
  readonly from: number
  /** …and before here. */
  readonly until: number
}

interface Entry extends Proof {
  readonly token: string
}

/** Characters of the signature that find an entry; the whole token is compared then. Hashing all of it would cost more than all the rest. */
const TAIL = 32

/**
 * Tokens that were verified before. Only proofs are kept, so what strangers make up takes no room. Bounded in tokens and in characters; those
 * used last stay.
 */
export class TokenCache {
  readonly #entries: LRUCache<string, Entry> | null

  /** @param tokens most tokens; 0 keeps none */
  constructor(tokens: number) {
    this.#entries =
      tokens === 0 ? null : new LRUCache({ max: tokens, maxSize: Math.max(tokens * CACHED_CHARS, MAX_TOKEN), sizeCalculation: sizeOf })
  }

  get size(): number {
    return this.#entries?.size ?? 0
  }

  /** The identity behind a token, when its proof counts now. */
  get(token: string, now: number): Identity | undefined {
    const entry = this.#entries?.get(tailOf(token))
    if (entry === undefined || entry.token !== token) return undefined
    if (now < entry.until && now >= entry.from && entry.key.isTrusted) return entry.identity
    this.#entries!.delete(tailOf(token))
    return undefined
  }

  set(token: string, proof: Proof): void {
    // A copy: a part of a string keeps the whole of it in memory, here perhaps all cookies of a request.
    const own = token.split('.').join('.')
    this.#entries?.set(tailOf(own), { ...proof, token: own })
  }

  clear(): void {
    this.#entries?.clear()
  }
}

const tailOf = (token: string): string => token.slice(-TAIL)
const sizeOf = ({ token }: Entry): number => token.length
