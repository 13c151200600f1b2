/** Longest token, in characters. Longer ones are refused before anything is decoded. */
export const MAX_TOKEN = 16_384
/** Most keys that are tried for one token: each try is a signature to verify. */
export const MAX_TRIES = 4
/** How long the result for a token without `exp` is kept, in milliseconds. Afterwards the token is verified again. */
export const UNDATED_MS = 300_000
/** Room of the cache per token, in characters, on average: tokens of the longest kind cannot take all memory. */
export const CACHED_CHARS = 2048
/** Largest file with a public key, in bytes. */
export const MAX_PEM = 65_536
/** Smallest and largest RSA modulus, in bits (RFC 7518, section 3.3; what takes longer to verify than any real key). */
export const RSA_BITS = { min: 2048, max: 16_384 } as const

/** Bounds on what a key server can cost. Times in milliseconds. */
export interface KeyServerLimits {
  /** For the whole answer. */
  readonly timeout: number
  /** Of the document, decoded. */
  readonly bytes: number
  /** In one document. */
  readonly keys: number
  /** Least time between two requests; after a failure it begins at `retry` and doubles up to this. */
  readonly cooldown: number
  readonly retry: number
  /** Keys this old are fetched again in the background. */
  readonly refresh: number
  /** Keys this old are fetched again before they are used, as long as the server is not known to be down. */
  readonly stale: number
  /** Keys this old are used no more, even when the server is down. */
  readonly drop: number
}

export const KEY_SERVER: KeyServerLimits = {
  timeout: 5000,
  bytes: 524_288,
  keys: 100,
  cooldown: 10_000,
  retry: 1000,
  refresh: 300_000,
  stale: 900_000,
  drop: 86_400_000,
}

/** The two clocks, in milliseconds: the time of day for what tokens say, one that never jumps for ages. */
export interface Clock {
  wall(): number
  monotonic(): number
}

export const systemClock: Clock = { wall: () => Date.now(), monotonic: () => performance.now() }
