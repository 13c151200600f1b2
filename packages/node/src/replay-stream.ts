import { GatewayError } from '@octopus-gateway/core'
import { Readable } from 'node:stream'
import type { Replay } from './replay.ts'

/** A body with what is kept of it, for a client that takes a stream and destroys it: the body itself survives. */
export class ReplayStream extends Readable {
  readonly #replay: Replay
  #isReading = false

  constructor(replay: Replay) {
    super({ highWaterMark: 64 * 1024 })
    this.#replay = replay
    replay.isLeft = false
  }

  override _read(): void {
    if (!this.#isReading) this.#start()
    else this.#replay.body.resume()
  }

  #start(): void {
    this.#isReading = true
    const { body, pieces, isEnded } = this.#replay
    for (const piece of pieces) this.push(piece)
    if (isEnded || body.readableEnded) return this.#onEnd()
    if (body.destroyed) return this.#onBroken(body.errored)
    body.on('data', this.#onData)
    body.on('end', this.#onEnd)
    body.on('error', this.#onBroken)
    body.on('close', this.#onClose)
    body.resume()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const { body } = this.#replay
    this.#detach()
    if (!this.#replay.isEnded) {
      this.#replay.isLeft = true
      body.pause()
    }
    callback(error)
  }

  readonly #onData = (piece: Buffer): void => {
    this.#replay.add(piece)
    if (!this.push(piece)) this.#replay.body.pause()
  }

  readonly #onEnd = (): void => {
    this.#replay.isEnded = true
    this.#detach()
    this.push(null)
  }

  readonly #onBroken = (error: Error | null): void => {
    this.destroy(GatewayError.is(error) ? error : new GatewayError('CLIENT_CLOSED', 'The request body broke off.', error ?? undefined))
  }

  readonly #onClose = (): void => this.#onBroken(null)

  #detach(): void {
    const { body } = this.#replay
    body.off('data', this.#onData)
    body.off('end', this.#onEnd)
    body.off('error', this.#onBroken)
    body.off('close', this.#onClose)
  }
}
