import type { Client } from './client.ts'
import type { Endpoint } from '../upstream/endpoint.ts'
import type { GatewayError } from '../errors.ts'
import type { Logger } from '../log/logger.ts'
import type { ContentCoding, Protocol, RequestHead } from './head.ts'
import type { Route } from '../routing/route.ts'
import type { Slot } from './slots.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** One try at an endpoint. */
export interface Attempt {
  readonly endpoint: Endpoint
  /** Until its head or its failure; 0 while it is under way. */
  readonly ms: number
  /** The status it answered with; `undefined` when it failed, and while it is under way. */
  readonly status?: number | undefined
  /** Of gRPC: the status that the head told, where no message followed. */
  readonly grpcStatus?: number | undefined
  readonly error?: GatewayError | undefined
}

/** How a request ended. */
export interface Outcome {
  /** The status sent to the client; 499 when the client left before a head was sent. */
  readonly status: number
  /** From the arrival of the head to the last byte or the abort, in milliseconds. */
  readonly ms: number
  /** Response body bytes handed to the client. */
  readonly bytesOut: number
  /** Of gRPC: how the call ended for its client. */
  readonly grpcStatus?: number
  readonly error?: GatewayError
}

/** One request on its way through the phases. */
export interface RequestContext {
  /**
   * The request id: the inbound `x-request-id` of a trusted proxy, or a new one. Sent to the upstream, and to the client with a failure. A plugin
   * that knows a better one may set it in `onRequest`, before anybody has used it.
   */
  id: string
  /** The trace id of `traceparent` (W3C Trace Context): 32 hexadecimal digits, the caller's or a new one. */
  readonly traceId: string
  readonly route: Route
  /** Where the request goes: the route's upstream, or the one chosen for this request where the route has several. */
  readonly upstream: Upstream
  readonly params: Readonly<Record<string, string>>
  /** The head as received. The head that goes upstream is another object. */
  readonly request: Readonly<RequestHead>
  readonly client: Client
  /** Whether the connection is a trusted proxy's, whose fields are believed. */
  readonly fromTrustedProxy: boolean
  readonly protocol: Protocol
  /** Codings that the lane of this request can apply to the body of its answer; none for upgrades and gRPC. */
  readonly codings: readonly ContentCoding[]
  /** In the order they were begun, those under way included. */
  readonly attempts: readonly Attempt[]
  /** Monotonic milliseconds (`performance.now()`). */
  readonly startedAt: number
  /** Whether this is a CORS preflight: `route` is that of the method it asks for. */
  readonly isPreflight: boolean
  readonly log: Logger
  /** Aborts when the request ends early. Made only when somebody asks for it. */
  readonly signal: AbortSignal
  get<T>(slot: Slot<T>): T | undefined
  set<T>(slot: Slot<T>, value: T): void
}
