/** One request to one address that was checked before. */
export interface FetchRequest {
  /** `http` or `https`, without credentials and fragment. */
  readonly url: URL
  /** The only IP addresses to connect to. The name in `url` serves for the Host field and TLS alone: it must not be resolved again. */
  readonly addresses: readonly string[]
  /** Default: a GET, or a POST when there is a body. */
  readonly method?: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Sent as it is; its type is among the headers. */
  readonly body?: Uint8Array
  /** Speak HTTP/2: in the clear by prior knowledge (RFC 9113, section 3.3), over TLS by ALPN. The answer then has its trailers. Default false. */
  readonly http2?: boolean
  /** Most bytes of the answer's body, decoded. */
  readonly maxBytes: number
  /** Most decoded bytes per byte received. */
  readonly maxRatio: number
  /** Milliseconds to connect, and from then to the response head. */
  readonly connectMs: number
  readonly headersMs: number
  /** Ends the fetch, body included. */
  readonly signal: AbortSignal
}

/** What came back, whatever the status. A redirect is returned, never followed. */
export interface FetchResponse {
  readonly status: number
  /** The first value of a field, by lower-case name. */
  header(name: string): string | undefined
  /** The same among the trailers; with `http2` only. */
  trailer?(name: string): string | undefined
  /** Decoded. */
  readonly body: Uint8Array
}

/**
 * The way out for manifests and schemas. `undiciFetcher` is the one for Node; another runtime can bring its own. One that cannot speak HTTP/2 rejects such
 * requests, and gRPC services are then known by the descriptors they publish alone.
 */
export interface Fetcher {
  /** All addresses of a host name. Rejects with a `FetchError` of kind `dns`. */
  resolve(host: string, signal: AbortSignal): Promise<readonly string[]>
  /** Rejects with a `FetchError`. */
  send(request: FetchRequest): Promise<FetchResponse>
}

/** Why a fetch brought nothing. */
export type FetchFailure =
  /** Nobody listens there. */
  | 'refused'
  /** A time limit passed, or the caller gave up. */
  | 'timeout'
  /** The name has no address. */
  | 'dns'
  /** The connection broke, TLS failed, or the answer was no HTTP. */
  | 'network'
  /** The answer is larger than allowed, before or after decoding, or not decodable. */
  | 'content'
  /** The rules for addresses forbid it; nothing was sent. */
  | 'blocked'
  /** The answer's status says no. */
  | 'status'

/** A failed fetch. */
export class FetchError extends Error {
  readonly kind: FetchFailure
  /** With kind `status`. */
  readonly status: number | undefined

  constructor(kind: FetchFailure, message: string, more: { readonly status?: number; readonly cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'FetchError'
    this.kind = kind
    this.status = more.status
  }
}

/** Any thrown value as a `FetchError`. */
export function toFetchError(thrown: unknown): FetchError {
  if (thrown instanceof FetchError) return thrown
  const { name = '', code = '', message = String(thrown) } = (thrown ?? {}) as { name?: string; code?: string; message?: string }
  if (code === 'ECONNREFUSED') return new FetchError('refused', 'the connection was refused', { cause: thrown })
  if (/TIMEOUT|ETIMEDOUT/.test(code) || name === 'TimeoutError' || name === 'AbortError') {
    return new FetchError('timeout', 'it did not answer in time', { cause: thrown })
  }
  if (/^E(?:NOTFOUND|AI_AGAIN|NODATA)$/.test(code)) return new FetchError('dns', 'the host name has no address', { cause: thrown })
  return new FetchError('network', message === '' ? `the connection failed (${code})` : message, { cause: thrown })
}
