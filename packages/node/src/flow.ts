import type { GatewayError, HeaderList } from '@octopus-gateway/core'
import type { Wire } from '@octopus-gateway/core/lane'
import type { Readable } from 'node:stream'

/** Where the bytes of a body go. */
export interface FlowSink {
  /** Takes a piece; `false` asks for a pause until `resume`. */
  chunk(bytes: Buffer): boolean
  /** The body is complete; the trailer fields behind it, or `null`. */
  end(trailers: HeaderList | null): void
  /** The body ended early. */
  fail(error: GatewayError): void
}

/** The body of an upstream's answer on its way through: kept in small pieces until a sink is attached, paused when the sink is slow. */
export interface Flow {
  /** Starts the body. A body that is complete already goes to the sink in this call. */
  attach(sink: FlowSink): void
  /**
   * The whole body when it is here to its last byte and no trailers follow it, as one piece; `null` otherwise. Nothing is attached
   * afterwards.
   */
  takeWhole(): Buffer | null
  resume(): void
  /** Gives the exchange up; fails the sink. */
  abort(error: GatewayError): void
}

/** A request body on Node: the incoming message itself or another stream, bytes, or nothing. */
export type NodeUpload = Readable | Uint8Array | null

/** A way out on Node. */
export interface NodeWire extends Wire<NodeUpload, Flow> {
  /** Closes idle connections at once, the others when their exchange ends or after `graceMs`. */
  close(graceMs: number): Promise<void>
}
