import type { Endpoint } from '../upstream/endpoint.ts'
import type { GatewayError } from '../errors.ts'
import type { RequestHead, ResponseHead } from './head.ts'

/** One attempt. */
export interface Call<In> {
  readonly endpoint: Endpoint
  readonly head: RequestHead
  readonly body: In
  /** Milliseconds to establish a connection. */
  readonly connectTimeout: number
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
  /** Whether no byte of this body has been taken yet, so that another endpoint can get all of it. */
  replayable(body: In): boolean
}
