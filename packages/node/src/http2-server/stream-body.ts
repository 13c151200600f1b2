import { GatewayError } from '@octopus-gateway/core'
import { Readable } from 'node:stream'
import type { Context, Upload } from '@octopus-gateway/core/lane'
import type { ServerHttp2Stream } from 'node:http2'

/**
 * The body of a request on a stream of HTTP/2. A stream of its own: a wire destroys the body that it gives up, and with the real one the
 * answer would go. Nothing is read before somebody asks, so what nobody reads costs the client its window and us no memory.
 */
export class StreamBody extends Readable implements Upload {
  /** The last byte has come. */
  complete = false
  bytes = 0
  blocked = false
  readonly #stream: ServerHttp2Stream
  readonly #ctx: Context
  readonly #limit: number
  #isReading = false

  constructor(stream: ServerHttp2Stream, ctx: Context, limit: number) {
    super({ highWaterMark: 64 * 1024 })
    this.#stream = stream
    this.#ctx = ctx
    this.#limit = limit
    // Whoever reads is told; nobody else may be listening.
    this.on('error', () => {})
  }

  override _read(): void {
    this.blocked = false
    if (!this.#isReading) this.#start()
    if (!this.#stream.destroyed) this.#stream.resume()
  }

  #start(): void {
    this.#isReading = true
    this.#stream.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#stream.on('end', () => this.#end())
  }

  #take(chunk: Buffer): void {
    this.bytes += chunk.length
    if (this.destroyed) return
    if (this.bytes > this.#limit) {
      const error = new GatewayError('BODY_TOO_LARGE')
      this.#ctx.end(error)
      this.destroy(error)
    } else if (!this.push(chunk)) {
      this.blocked = true
      this.#stream.pause()
    }
  }

  #end(): void {
    // A stream that was reset ends, too.
    if (this.#stream.aborted || this.destroyed) return
    this.complete = true
    this.push(null)
    this.#ctx.received()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.complete && !this.#stream.destroyed) this.#stream.pause()
    callback(error)
  }
}
