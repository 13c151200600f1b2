import { GatewayError } from '@octopus-gateway/core'
import type { Flow, FlowSink } from './flow.ts'
import type { HeaderList } from '@octopus-gateway/core'

const LF = 0x0a
const CR = 0x0d

/** The streams of server-sent events under way: a server that closes ends them between two events, and their clients connect anew. */
export class EventStreams {
  /** Not a set: one that lives long and changes often keeps what has gone from it. */
  readonly #open: EventFlow[] = []
  #isClosing = false

  /** The same flow, which `goodbye` can end. */
  watch(flow: Flow): Flow {
    const watched = new EventFlow(flow, (over) => this.#forget(over))
    this.#open.push(watched)
    if (this.#isClosing) watched.goodbye()
    return watched
  }

  /** Ends every stream as soon as no event is under way, also those that begin now. */
  goodbye(): void {
    this.#isClosing = true
    for (const stream of this.#open.slice()) stream.goodbye()
  }

  #forget(stream: EventFlow): void {
    const index = this.#open.indexOf(stream)
    if (index === -1) return
    const last = this.#open.pop()!
    if (last !== stream) this.#open[index] = last
  }
}

class EventFlow implements Flow, FlowSink {
  readonly #flow: Flow
  readonly #over: (stream: EventFlow) => void
  #sink: FlowSink | null = null
  /** The last bytes that passed, newest first: an empty line ends an event. */
  #last = LF
  #before = LF
  #third = 0
  #isLeaving = false
  #isOver = false

  constructor(flow: Flow, over: (stream: EventFlow) => void) {
    this.#flow = flow
    this.#over = over
  }

  goodbye(): void {
    this.#isLeaving = true
    this.#leaveBetween()
  }

  attach(sink: FlowSink): void {
    this.#sink = sink
    this.#leaveBetween()
    if (!this.#isOver) this.#flow.attach(this)
  }

  takeWhole(): Buffer | null {
    const whole = this.#flow.takeWhole()
    if (whole !== null) this.#finish()
    return whole
  }

  resume(): void {
    this.#flow.resume()
  }

  abort(error: GatewayError): void {
    this.#flow.abort(error)
    // Without a sink nobody else would tell.
    if (this.#sink === null && !this.#isOver) this.#finish()
  }

  chunk(bytes: Buffer): boolean {
    if (this.#isOver) return true
    for (let i = Math.max(0, bytes.length - 3); i < bytes.length; i++) {
      this.#third = this.#before
      this.#before = this.#last
      this.#last = bytes[i]!
    }
    const more = this.#sink!.chunk(bytes)
    if (this.#isLeaving) this.#leaveBetween()
    return more
  }

  end(trailers: HeaderList | null): void {
    if (this.#isOver) return
    this.#finish()
    this.#sink!.end(trailers)
  }

  fail(error: GatewayError): void {
    if (this.#isOver) return
    this.#finish()
    this.#sink!.fail(error)
  }

  #leaveBetween(): void {
    if (!this.#isLeaving || this.#isOver || this.#sink === null || !this.#isBetween) return
    this.#finish()
    this.#sink.end(null)
    this.#flow.abort(new GatewayError('UPSTREAM_RESET', 'The gateway is closing.'))
  }

  /** Lines end in LF, CR or both; an empty one is a line end behind another. */
  get #isBetween(): boolean {
    const before = this.#last === LF && this.#before === CR ? this.#third : this.#before
    return isLineEnd(this.#last) && isLineEnd(before)
  }

  #finish(): void {
    this.#isOver = true
    this.#over(this)
  }
}

function isLineEnd(byte: number): boolean {
  return byte === LF || byte === CR
}
