import type { Duplex } from 'node:stream'
import type { Context } from '@octopus-gateway/core/lane'
import type { HeaderList, ResponseHead } from '@octopus-gateway/core'
import type { NodeUpload } from './flow.ts'
import type { OutgoingHttpHeaders } from 'node:http'

/** Where an answer is written: a response of `node:http`, or a stream of HTTP/2 that offers the same. */
export interface ClientResponse {
  /** Nothing can be written any more. */
  readonly destroyed: boolean
  /** Whether the head has been set; it may still wait for the first bytes behind it. */
  readonly headersSent: boolean
  readonly statusCode: number
  /** Bytes that the client has not taken yet. */
  readonly writableLength: number
  readonly writableFinished: boolean
  /** Sets the head from a flat list; throws when a field is none. */
  writeHead(status: number, flat: OutgoingHttpHeaders): unknown
  flushHeaders(): void
  /** `false` asks for a pause until `drain`. */
  write(bytes: Uint8Array): boolean
  end(body?: string | Uint8Array | null): unknown
  on(event: 'close' | 'drain' | 'finish', listener: () => void): unknown
  once(event: 'close' | 'drain' | 'finish', listener: () => void): unknown
  off(event: 'close' | 'drain' | 'finish', listener: () => void): unknown
}

/** One request that has not been answered to its end, from the client's side: a message of HTTP/1.1 or a stream of HTTP/2. */
export interface Exchange {
  readonly ctx: Context
  readonly res: ClientResponse
  /** Whether the request has come to its last byte. */
  readonly isReceived: boolean
  /** The request body for the wire, `null` without one. Call it once. Over `limit` bytes the request ends with `BODY_TOO_LARGE`. */
  upload(limit: number): NodeUpload
  /** Asks a client that waits for it (`Expect: 100-continue`) to send its body. */
  invite(): void
  /** Tells the client of an interim head such as 103, if it can be told. */
  inform(head: ResponseHead): void
  /** Whether the answer whose head is about to be written must be the last of its connection, and says so. */
  mustEnd(isClosing: boolean): boolean
  /** Sets the fields behind the body. Call it before the body ends. */
  trailers(fields: HeaderList): void
  /** The whole answer has been handed over. Finishes the request once the client has taken it: its patience still counts. */
  sent(bytesOut: number): void
  /** Ends a body that is cut so that it can never be taken for a whole one. */
  cut(): void
  /** Nobody takes the answer any more. */
  abandon(): void
  /**
   * Tells the client that its upgrade is granted, and lets go of what is behind it. Only where the listener carries upgrades. Throws when a
   * field is none: nothing has been sent then.
   */
  switchProtocols?(headers: HeaderList): ClientEnd
}

/** The client's end of a tunnel. */
export interface ClientEnd {
  readonly duplex: Duplex
  /** The status by which the client was told. */
  readonly status: number
  /** What came before anybody could take it. */
  readonly early: Buffer
  /** Breaks it off, so that the client knows it was no proper end. */
  abort(): void
  /** The tunnel is over. */
  done(): void
}
