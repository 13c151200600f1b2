import { GatewayError } from '@octopus-gateway/core'
import type { ClientHttp2Stream } from 'node:http2'
import type { Replay } from '../replay.ts'

/** A request body on its way out, in step with how fast the upstream takes it. Never destroys the body: an answer may still go to its client. */
export class H2Upload {
  isEnded = false
  readonly #replay: Replay
  readonly #stream: ClientHttp2Stream
  readonly #fail: (error: GatewayError) => void
  #isStopped = false

  /** `fail` is told when the body breaks off. */
  constructor(replay: Replay, stream: ClientHttp2Stream, fail: (error: GatewayError) => void) {
    this.#replay = replay
    this.#stream = stream
    this.#fail = fail
  }

  start(): void {
    const { body, pieces } = this.#replay
    this.#replay.isLeft = false
    for (const piece of pieces) this.#stream.write(piece)
    if (this.#replay.isEnded || body.readableEnded) {
      this.#end()
      return
    }
    if (body.destroyed) {
      this.#broken(body.errored)
      return
    }
    this.#stream.on('drain', this.#resume)
    body.on('end', this.#end)
    body.on('error', this.#broken)
    body.on('close', this.#closed)
    body.on('data', this.#take)
    body.resume()
  }

  /** Reads no more. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    const { body } = this.#replay
    this.#stream.off('drain', this.#resume)
    body.off('end', this.#end)
    body.off('error', this.#broken)
    body.off('close', this.#closed)
    body.off('data', this.#take)
    if (this.isEnded) return
    this.#replay.isLeft = true
    body.pause()
  }

  readonly #take = (piece: Buffer): void => {
    this.#replay.add(piece)
    if (!this.#stream.write(piece)) this.#replay.body.pause()
  }

  readonly #resume = (): void => {
    this.#replay.body.resume()
  }

  readonly #end = (): void => {
    this.#replay.isEnded = true
    this.isEnded = true
    this.#stream.end()
    this.stop()
  }

  readonly #broken = (error: Error | null): void => {
    this.stop()
    this.#fail(GatewayError.is(error) ? error : new GatewayError('CLIENT_CLOSED', 'the request body broke off', error ?? undefined))
  }

  readonly #closed = (): void => this.#broken(null)
}
