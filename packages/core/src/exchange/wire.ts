import type { Endpoint } from '../upstream/endpoint.ts'
import type { GatewayError } from '../errors.ts'
import type { Protocol, RequestHead, ResponseHead } from './head.ts'
import type { Transport } from '../upstream/transport.ts'

/** Who is told of interim heads, such as 103. */
export interface Informed {
  inform(head: ResponseHead): void
}

/** One attempt. */
export interface Call<In> {
  readonly endpoint: Endpoint
  /** How the endpoint is spoken to. Pools of connections belong to this object. */
  readonly transport: Transport
  readonly protocol: Protocol
  readonly head: RequestHead
  readonly body: In
  /** Bytes of a body to keep while it is sent, so that another attempt can send it again; 0 when there will be none. */
  readonly keep: number
  /** Whether the request may be sent again after something of it was. */
  readonly isIdempotent: boolean
  /** Whether a copy of the body goes elsewhere, too: `keep` counts whether or not the request may be sent again. */
  readonly isCopied: boolean
  /** Milliseconds to establish a connection. */
  readonly connectTimeout: number
  /** Gets interim heads such as 103 (RFC 8297) as they come; `null` when the client cannot be told. */
  readonly informed: Informed | null
}

/** The answer of an endpoint: its head, and its body still to come. */
export interface UpstreamAnswer<Out> {
  readonly head: ResponseHead
  readonly body: Out
}

/** An attempt under way: it can be aborted before its head arrives, and while its body flows. */
export interface Sending<Out> {
  readonly answer: Promise<UpstreamAnswer<Out>>
  abort(error: GatewayError): void
}

/** The only door to bodies. One implementation for each way out: undici, fetch, a function in this process. */
export interface Wire<In, Out> {
  /** Never throws; a failure rejects `answer` with a `GatewayError` whose `retry` class tells what was sent. */
  send(call: Call<In>): Sending<Out>
  /** Whether another endpoint can get all of this body: no byte of it has been taken, or all that were are kept. */
  replayable(body: In): boolean
  /** Whether all of the body is here and kept: it can be sent while another attempt is under way. */
  isWhole(body: In): boolean
  /** All of the body, apart from what `settled` lets go; `undefined` when it is not whole, or longer than `most` bytes. */
  copyOf(body: In, most: number): In | undefined
  /** Reads the body of an answer and throws it away, `most` bytes of it; then it is given up. Rejects when it breaks off before. */
  drain(body: Out, most: number): Promise<void>
  /** There will be no other attempt: what was kept of the body is let go. Called when `keep` was not 0. */
  settled(body: In): void
}
