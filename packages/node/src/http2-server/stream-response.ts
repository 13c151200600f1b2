import { responseFields } from './response-fields.ts'
import type { ClientResponse } from '../exchange.ts'
import type { HeaderList } from '@octopus-gateway/core'
import type { OutgoingHttpHeaders as FlatHeaders } from 'node:http'
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'

/** Below this much that the client has not taken, an upstream's next piece is welcome: a stream's own 16 KiB would stop it at every one. */
const BUFFER_BYTES = 128 * 1024

/** The answer on a stream of HTTP/2, with as much of the face of `node:http`'s response as delivering needs. */
export class StreamResponse implements ClientResponse {
  statusCode = 0
  headersSent = false
  /** Called with the final head right before it is sent; `null` for nothing. */
  onHead: ((status: number, fields: OutgoingHttpHeaders) => void) | null = null
  readonly #stream: ServerHttp2Stream
  readonly #isHead: boolean
  #fields: OutgoingHttpHeaders | null = null
  #trailers: OutgoingHttpHeaders | null = null

  constructor(stream: ServerHttp2Stream, isHead: boolean) {
    this.#stream = stream
    this.#isHead = isHead
  }

  get destroyed(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }

  get writableLength(): number {
    return this.#stream.writableLength
  }

  get writableFinished(): boolean {
    return this.#stream.writableFinished
  }

  get #hasNoBody(): boolean {
    const status = this.statusCode
    return this.#isHead || status === 204 || status === 205 || status === 304
  }

  writeHead(status: number, flat: FlatHeaders): void {
    const fields = responseFields(flat as unknown as string[])
    fields[':status'] = status
    this.#fields = fields
    this.statusCode = status
    this.headersSent = true
  }

  flushHeaders(): void {
    // Also where no trailers will come: to reset a stream Node ends its body first, and only what waits for trailers is then no whole body.
    this.#respond({ waitForTrailers: true })
  }

  write(bytes: Uint8Array): boolean {
    this.flushHeaders()
    if (this.#hasNoBody || this.destroyed) return true
    return this.#stream.write(bytes) || this.#stream.writableLength < BUFFER_BYTES
  }

  setTrailers(fields: HeaderList): void {
    if (fields.flat.length > 0) this.#trailers = responseFields(fields.flat)
  }

  end(body: string | Uint8Array | null = null): void {
    if (this.destroyed) return
    const isEmpty = body === null || body.length === 0 || this.#hasNoBody
    // Head and end in one frame: what comes in two is no trailers-only answer for gRPC.
    if (isEmpty && this.#trailers === null) this.#respond({ endStream: true })
    else this.#respond({ waitForTrailers: this.#trailers !== null })
    if (this.#hasNoBody) return
    if (isEmpty) this.#stream.end()
    else this.#stream.end(body)
  }

  on(event: 'close' | 'drain' | 'finish', listener: () => void): void {
    this.#stream.on(event, listener)
  }

  once(event: 'close' | 'drain' | 'finish', listener: () => void): void {
    this.#stream.once(event, listener)
  }

  off(event: 'close' | 'drain' | 'finish', listener: () => void): void {
    this.#stream.off(event, listener)
  }

  #respond(how: { readonly endStream?: boolean; readonly waitForTrailers?: boolean }): void {
    const fields = this.#fields
    if (fields === null || this.destroyed) return
    this.#fields = null
    this.onHead?.(this.statusCode, fields)
    const stream = this.#stream
    if (how.waitForTrailers === true) stream.once('wantTrailers', () => stream.sendTrailers(this.#trailers ?? {}))
    stream.respond(fields, how)
  }
}
