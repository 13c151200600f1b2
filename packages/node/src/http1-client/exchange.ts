import { HeaderList } from '@octopus-gateway/core'
import { KEPT_BYTES } from './limits.ts'
import { toGatewayError } from '@octopus-gateway/core'
import type { Call, Sending, UpstreamAnswer } from '@octopus-gateway/core/lane'
import type { Flow, FlowSink, NodeUpload } from '../flow.ts'
import type { GatewayError } from '@octopus-gateway/core'
import type { Replay } from '../replay.ts'
import type { RequestStart } from './request-head.ts'
import type { Upload } from './upload.ts'

/** The connection of an exchange, as far as the exchange steers it. */
export interface Carrier {
  resume(): void
  /** Closes the connection: what is under way on it is given up. */
  destroy(): void
}

/** One request and its answer: the promise of the head, then the body as a flow. Pieces that come before a sink are kept. */
export class ClientExchange implements Flow, Sending<Flow> {
  readonly answer: Promise<UpstreamAnswer<Flow>>
  readonly start: RequestStart
  readonly body: NodeUpload
  /** What is kept of the body for another attempt; `null` when nothing is. */
  readonly replay: Replay | null
  /** The answer to HEAD has no body whatever its fields say. */
  readonly isHead: boolean
  /** Set while a connection carries the exchange. */
  carrier: Carrier | null = null
  /** Set while the request body is a stream on its way. */
  upload: Upload | null = null
  readonly #informed: Call<NodeUpload>['informed']
  #resolve!: (answer: UpstreamAnswer<Flow>) => void
  #reject!: (error: GatewayError) => void
  #sink: FlowSink | null = null
  #kept: Buffer[] = []
  #keptBytes = 0
  #trailers: HeaderList | null = null
  /** Known, and not told yet: what came with it in one read may still show that it is no answer. */
  #untold: UpstreamAnswer<Flow> | null = null
  #hasHead = false
  #isEnded = false
  #isPaused = false
  #error: GatewayError | null = null

  constructor(call: Call<NodeUpload>, start: RequestStart, replay: Replay | null = null) {
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.start = start
    this.body = call.body
    this.replay = replay
    this.isHead = call.head.method === 'HEAD'
    this.#informed = call.informed
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  abort(error: GatewayError): void {
    if (this.#error !== null || this.#isEnded) return
    const { carrier } = this
    this.failed(error)
    carrier?.destroy()
  }

  attach(sink: FlowSink): void {
    this.#sink = sink
    const kept = this.#kept
    this.#kept = []
    this.#keptBytes = 0
    let more = true
    for (const piece of kept) more = sink.chunk(piece)
    if (this.#error !== null) sink.fail(this.#error)
    else if (this.#isEnded) sink.end(this.#trailers)
    else if (more) this.resume()
    else this.#isPaused = true
  }

  takeWhole(): Buffer | null {
    if (!this.#isEnded || this.#trailers !== null) return null
    return this.#kept.length === 1 ? this.#kept[0]! : Buffer.concat(this.#kept)
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.carrier?.resume()
  }

  /** An interim head came (RFC 9110, section 15.2). */
  informational(status: number, flat: string[]): void {
    // 100 is between the gateway and the upstream; others say nothing that a client waits for.
    if (status === 103) this.#informed?.inform({ status, headers: new HeaderList(flat) })
  }

  /** The final head came; `tell` says so to whoever waits. */
  answered(status: number, flat: string[]): void {
    this.#untold = { head: { status, headers: new HeaderList(flat) }, body: this }
  }

  /** Everything that came by now has been looked at: a head among it is an answer. Until then a failure is one without a head, and another attempt may follow. */
  tell(): void {
    if (this.#untold === null) return
    this.#hasHead = true
    this.#resolve(this.#untold)
    this.#untold = null
  }

  /** A piece of the body came, in memory of its own. TLS hands over what it has decrypted also after a pause: only `resume` ends one. */
  piece(bytes: Buffer): void {
    if (this.#sink === null) {
      this.#kept.push(bytes)
      this.#keptBytes += bytes.length
      if (this.#keptBytes >= KEPT_BYTES) this.#isPaused = true
    } else if (!this.#sink.chunk(bytes)) this.#isPaused = true
  }

  /** The body is complete. */
  ended(trailers: HeaderList | null): void {
    this.carrier = null
    this.#isEnded = true
    this.#trailers = trailers
    this.#sink?.end(trailers)
  }

  /** Nothing more comes. */
  failed(thrown: unknown): void {
    this.carrier = null
    if (this.#error !== null || this.#isEnded) return
    const error = toGatewayError(thrown)
    this.#error = error
    this.upload?.stop()
    this.#kept = []
    this.#untold = null
    if (this.#hasHead) this.#sink?.fail(error)
    else this.#reject(error)
  }
}
