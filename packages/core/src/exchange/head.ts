import type { HeaderList } from '../headers.ts'

// Heads are ours, bodies are opaque: every policy works on these three shapes and nothing else.

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
