import { abandon } from '../replay.ts'
import { GatewayError, toGatewayError } from '@octopus-gateway/core'
import { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { Replay } from '../replay.ts'
import type { RequestStart } from './request-head.ts'

/** Where the bytes of a request go. */
export interface UploadTarget {
  /** `false` asks for a pause until `Upload.drained`. */
  write(data: string | Uint8Array): boolean
  cork(): void
  uncork(): void
  /** The body came to no good end: the connection must close, so that the upstream does not take it for whole. */
  uploadFailed(error: GatewayError): void
}

/** A body, the head that goes in front of it, and what is kept of the body for another attempt. */
interface Uploaded {
  readonly body: Readable
  readonly start: RequestStart
  readonly replay: Replay | null
}

/** Up to this size copying a piece into one text is cheaper than writing several pieces. */
const TEXT_BYTES = 16 * 1024

/** A request body that is a stream, in step with how fast the upstream takes it: as many bytes as its head promises, or in chunks. */
export class Upload {
  readonly #target: UploadTarget
  readonly #body: Readable
  readonly #replay: Replay | null
  readonly #isChunked: boolean
  /** The head, until the first piece or the end of this turn of the event loop: a small request leaves in one write. */
  #head: string
  /** What the head still promises. */
  #left: number
  #isEnded = false
  #isStopped = false

  constructor(target: UploadTarget, { body, start, replay }: Uploaded) {
    this.#target = target
    this.#body = body
    this.#replay = replay
    this.#isChunked = start.length === Infinity
    this.#left = start.length
    this.#head = start.text
  }

  /** Whether the last byte has been handed to the connection. */
  get isComplete(): boolean {
    return this.#isEnded || (this.#left === 0 && this.#head === '')
  }

  /** Called when there is a connection: before that the body stays untouched, so that another endpoint can get all of it. */
  begin(): void {
    const body = this.#body
    const replay = this.#replay
    if (replay !== null) {
      replay.isLeft = false
      for (const piece of replay.pieces) this.#take(piece)
      if (this.#isStopped) return
      if (replay.isEnded) return this.#onEnd()
    }
    if (body.errored !== null) return this.#onError(body.errored)
    if (body.readableEnded) return this.#onEnd()
    if (body.destroyed) return this.#onClose()
    body.on('data', this.#onData)
    body.on('end', this.#onEnd)
    body.on('error', this.#onError)
    // A message that is cut tells by an error.
    if (!(body instanceof IncomingMessage)) body.on('close', this.#onClose)
    body.resume()
    // Behind the piece that may be there already: the stream begins to flow before this.
    process.nextTick(this.#flush)
  }

  drained(): void {
    if (!this.#isStopped && !this.#isEnded) this.#body.resume()
  }

  /** Takes nothing more of the body. A message or a stream with another side stays open: an answer is still to be sent there. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    const body = this.#body
    // Behind the end nothing more is heard, and the listeners go with the body.
    if (this.#isEnded) return
    this.#detach()
    if (this.#replay?.isPossible === true) {
      this.#replay.isLeft = true
      body.pause()
    } else abandon(body)
  }

  readonly #flush = (): void => {
    const head = this.#head
    this.#head = ''
    if (head !== '' && !this.#isStopped) this.#target.write(head)
  }

  readonly #onData = (piece: Uint8Array | string): void => {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    this.#replay?.add(bytes as Buffer)
    if (!this.#take(bytes)) this.#body.pause()
  }

  /** `false` asks for a pause. */
  #take(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true
    this.#left -= bytes.length
    if (this.#left >= 0) return this.#send(bytes)
    this.#fail(new GatewayError('BAD_REQUEST', 'The request body is longer than its Content-Length.'))
    return true
  }

  #send(bytes: Uint8Array): boolean {
    const target = this.#target
    const before = this.#isChunked ? `${this.#head}${bytes.length.toString(16)}\r\n` : this.#head
    const behind = this.#isChunked ? '\r\n' : ''
    this.#head = ''
    if (before === '') return target.write(bytes)
    if (bytes.length <= TEXT_BYTES) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
      return target.write(before + text + behind)
    }
    target.cork()
    target.write(before)
    let more = target.write(bytes)
    if (behind !== '') more = target.write(behind)
    target.uncork()
    return more
  }

  readonly #onEnd = (): void => {
    if (!this.#isChunked && this.#left !== 0)
      return this.#fail(new GatewayError('BAD_REQUEST', 'The request body is shorter than its Content-Length.'))
    this.#isEnded = true
    if (this.#replay !== null) this.#replay.isEnded = true
    const last = this.#isChunked ? `${this.#head}0\r\n\r\n` : this.#head
    this.#head = ''
    if (last !== '') this.#target.write(last)
  }

  readonly #onError = (thrown: Error & { code?: string }): void => {
    if (this.#isEnded) return
    this.#fail(thrown.code === 'ECONNRESET' ? new GatewayError('CLIENT_CLOSED', thrown.message, thrown) : toGatewayError(thrown))
  }

  readonly #onClose = (): void => {
    if (!this.#isEnded) this.#fail(new GatewayError('CLIENT_CLOSED', 'The request body ended early.'))
  }

  #fail(error: GatewayError): void {
    this.stop()
    this.#target.uploadFailed(error)
  }

  #detach(): void {
    const body = this.#body
    body.off('data', this.#onData)
    body.off('end', this.#onEnd)
    body.off('error', this.#onError)
    body.off('close', this.#onClose)
  }
}
