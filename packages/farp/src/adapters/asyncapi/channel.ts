import type { JsonObject } from '../../json.ts'

/** A server of a document, whatever its version. */
export interface Server {
  /** Lower case; empty when the document says none. */
  readonly protocol: string
  /** Where on the service its channels begin: empty, or `/api`. */
  readonly prefix: string
  /** What could not be made of its address, when something could not. */
  readonly problem: string | undefined
  readonly security: readonly unknown[] | undefined
}

/** What an application does with a channel. */
export interface ChannelOperation {
  readonly id: string | undefined
  /** `subscribe`, `publish`, `send`, `receive`. */
  readonly action: string
  readonly body: JsonObject
  readonly security: readonly unknown[] | undefined
}

/** A channel, whatever the document's version. */
export interface Channel {
  /** Its name in the document. */
  readonly key: string
  /** Where it is: `undefined` when the document does not say. */
  readonly address: string | undefined
  readonly body: JsonObject
  /** The servers it is available on; none when the document lists none. */
  readonly servers: readonly Server[]
  readonly operations: readonly ChannelOperation[]
}
