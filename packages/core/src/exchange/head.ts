import type { HeaderList } from '../headers.ts'

// Heads are ours, bodies are opaque: every policy works on these three shapes and nothing else.

/** What a request speaks above HTTP. Each goes through the same phases; a lane or a runtime may not be able to carry the last two. */
export type Protocol = 'http' | 'websocket' | 'grpc'

/** A content coding that the gateway can apply to a body on its way out (RFC 9110, section 8.4.1). */
export type ContentCoding = 'gzip' | 'br' | 'zstd'

/** How a body is coded on its way out. */
export interface Coding {
  readonly name: ContentCoding
  /** From 1, fastest, to 9, smallest. Where a runtime offers no choice it takes its own. */
  readonly level: number
}

/** The head of a request. `target` is the path and query exactly as sent (RFC 9112, section 3.2.1). */
export interface RequestHead {
  method: string
  target: string
  readonly headers: HeaderList
}

/** The head of a response. */
export interface ResponseHead {
  status: number
  readonly headers: HeaderList
}

/** An answer the gateway makes itself: a denial, a preflight, a problem document. */
export interface Reply extends ResponseHead {
  readonly body: string | Uint8Array | null
}
