import { GatewayError, HeaderList } from '@octopus-gateway/core'
import type { Dispatcher } from 'undici'
import type { Flow, FlowSink } from './flow.ts'
import type { Informed, UpstreamAnswer } from '@octopus-gateway/core/lane'

/** What is kept of a body while nobody reads it; beyond it the upstream is paused. */
const BUFFER_BYTES = 64 * 1024

/**
 * One response of undici: first its head, then its body as a flow that a sink is attached to. Pieces that arrive before are kept, so a small
 * answer that came in one read goes out in one write.
 *
 * It speaks undici's handler interface with raw header arrays: the newer one builds an object of every head.
 */
export class UndiciFlow implements Flow, Dispatcher.DispatchHandler {
  readonly answer: Promise<UpstreamAnswer<Flow>>
  readonly #informed: Informed | null
  #resolve!: (answer: UpstreamAnswer<Flow>) => void
  #reject!: (error: GatewayError) => void
  #abort: ((reason?: Error) => void) | null = null
  #resume: (() => void) | null = null
  #sink: FlowSink | null = null
  #kept: Buffer[] = []
  #keptBytes = 0
  #trailers: HeaderList | null = null
  #isPaused = false
  #hasHead = false
  #isEnded = false
  /** Why the exchange was given up, by us or by the upstream. */
  #error: GatewayError | null = null

  /** @param informed Gets interim heads; `null` when nobody wants them. */
  constructor(informed: Informed | null) {
    this.#informed = informed
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Gives the exchange up. Before the head it rejects `answer`, afterwards it fails the sink. */
  abort(error: GatewayError): void {
    if (this.#error !== null || this.#isEnded) return
    this.#error = error
    this.#kept = []
    if (this.#hasHead) this.#sink?.fail(error)
    else this.#reject(error)
    this.#abort?.(error)
  }

  /** Starts the body. A body that is complete already goes to the sink in this call. */
  attach(sink: FlowSink): void {
    this.#sink = sink
    const kept = this.#kept
    this.#kept = []
    this.#keptBytes = 0
    let more = true
    for (const chunk of kept) more = sink.chunk(chunk)
    if (this.#error !== null) sink.fail(this.#error)
    else if (this.#isEnded) sink.end(this.#trailers)
    else if (more) this.resume()
    else this.#isPaused = true
  }

  takeWhole(): Buffer | null {
    if (!this.#isEnded || this.#error !== null || this.#trailers !== null) return null
    return this.#kept.length === 1 ? this.#kept[0]! : Buffer.concat(this.#kept)
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#resume?.()
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort
    if (this.#error !== null) abort(this.#error)
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean {
    if (status < 200 && status !== 101) {
      // Interim answers (RFC 9110, section 15.2) are not the answer; 100 is between the gateway and the upstream.
      if (status === 103) this.#informed?.inform({ status, headers: listOf(rawHeaders) })
      return true
    }
    this.#resume = resume
    this.#hasHead = true
    this.#resolve({ head: { status, headers: listOf(rawHeaders) }, body: this })
    return true
  }

  onData(chunk: Buffer): boolean {
    // undici tells of empty pieces when it is resumed with nothing to read: to pause on one would go round for ever.
    if (chunk.length === 0) return true
    if (this.#sink === null) {
      this.#kept.push(chunk)
      this.#keptBytes += chunk.length
      this.#isPaused = this.#keptBytes >= BUFFER_BYTES
    } else this.#isPaused = !this.#sink.chunk(chunk)
    return !this.#isPaused
  }

  onComplete(rawTrailers: unknown): void {
    this.#isEnded = true
    // undici's types say strings; what comes are the same buffers as for a head, or nothing.
    const trailers = rawTrailers as readonly Buffer[] | null
    if (trailers !== null && trailers.length > 0) this.#trailers = trimmed(listOf(trailers))
    this.#sink?.end(this.#trailers)
  }

  onError(thrown: Error): void {
    if (this.#error !== null) return
    this.#error = classify(thrown, { isSent: this.#abort !== null })
    if (this.#hasHead) this.#sink?.fail(this.#error)
    else this.#reject(this.#error)
  }
}

/** The parser leaves blanks behind the values of trailer fields. */
function trimmed(list: HeaderList): HeaderList {
  return new HeaderList(list.flat.map((text) => text.trimEnd()))
}

function listOf(rawHeaders: readonly Buffer[]): HeaderList {
  const flat: string[] = []
  for (const field of rawHeaders) flat.push(field.toString('latin1'))
  return new HeaderList(flat)
}

/** What a failure of undici means for another attempt. Before `onConnect` nothing of the request has been written. */
function classify(thrown: Error & { code?: string }, at: { readonly isSent: boolean }): GatewayError {
  if (GatewayError.is(thrown)) return thrown
  const code = thrown.code ?? thrown.name
  const message = `${thrown.message} (${code})`
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') return new GatewayError('BAD_HEADER', message, thrown)
  if (!at.isSent) return new GatewayError('UPSTREAM_CONNECT', message, thrown)
  if (code.startsWith('HPE_') || PROTOCOL.has(code)) return new GatewayError('UPSTREAM_PROTOCOL', message, thrown)
  return new GatewayError('UPSTREAM_RESET', message, thrown)
}

const PROTOCOL = new Set([
  'HTTPParserError',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
  'UND_ERR_RESPONSE',
])
