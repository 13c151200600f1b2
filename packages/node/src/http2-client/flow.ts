import { constants } from 'node:http2'
import { failureOf } from './failure.ts'
import { fromHeaders, toHeaders } from './head.ts'
import { GatewayError, HeaderList } from '@octopus-gateway/core'
import { H2Upload } from './upload.ts'
import { isWhole } from './whole.ts'
import type { Call, Sending, UpstreamAnswer } from '@octopus-gateway/core/lane'
import type { EndedStream } from './whole.ts'
import type { Flow, FlowSink, NodeUpload } from '../flow.ts'
import type { H2Pool, Waiter } from './pool.ts'
import type { H2Session } from './session.ts'
import type { OutgoingHttpHeaders } from 'node:http2'
import type { Replay } from '../replay.ts'

/** What is kept of a body while nobody reads it; beyond it the upstream is paused. */
const BUFFER_BYTES = 64 * 1024
const END_STREAM = 1

const FLOW = Symbol('octopus.flow')

/** A stream with what the gateway knows of it: its listeners are shared by all streams. */
type KnownStream = EndedStream & { [FLOW]: H2Flow }

/** One exchange over HTTP/2: it waits for a connection, sends the request, and is the answer's body. */
export class H2Flow implements Flow, Sending<Flow>, Waiter {
  readonly answer: Promise<UpstreamAnswer<Flow>>
  #resolve!: (answer: UpstreamAnswer<Flow>) => void
  #reject!: (error: GatewayError) => void
  readonly #call: Call<NodeUpload>
  readonly #pool: H2Pool
  readonly #replay: Replay | null
  #session: H2Session | null = null
  #stream: KnownStream | null = null
  #upload: H2Upload | null = null
  #sink: FlowSink | null = null
  #kept: Buffer[] = []
  #keptBytes = 0
  #hasHead = false
  #trailers: HeaderList | null = null
  #bytes = 0
  /** Of the body, as declared; -1 when nothing was. */
  #length = -1
  /** Whether all of it has been read. */
  #isEnded = false
  /** Whether gRPC's status is still to come. */
  #needsTrailers = false
  /** Why the exchange was given up, by us or by the upstream. */
  #error: GatewayError | null = null

  constructor(call: Call<NodeUpload>, pool: H2Pool, replay: Replay | null) {
    this.#call = call
    this.#pool = pool
    this.#replay = replay
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get connectTimeout(): number {
    return this.#call.connectTimeout
  }

  refuse(error: GatewayError): void {
    this.#fail(error)
  }

  begin(session: H2Session): void {
    const { head, body, endpoint } = this.#call
    let stream: KnownStream
    let headers: OutgoingHttpHeaders
    try {
      headers = toHeaders(head, { origin: endpoint.origin, limit: session.headLimit })
    } catch (thrown) {
      this.#fail(thrown as GatewayError)
      return
    }
    try {
      stream = session.request(headers, body === null) as KnownStream
    } catch (thrown) {
      // A connection that took no more streams is not offered again; anything else is about the fields.
      if (session.isOpen) this.#fail(new GatewayError('BAD_HEADER', (thrown as Error).message, thrown))
      else this.#pool.acquire(this)
      return
    }
    this.#session = session
    this.#stream = stream
    stream[FLOW] = this
    stream.on('response', onResponse).on('headers', onHeaders).on('trailers', onTrailers)
    stream.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
    if (this.#replay !== null) {
      this.#upload = new H2Upload(this.#replay, stream, (error) => this.abort(error))
      this.#upload.start()
    } else if (body !== null) stream.end(body)
  }

  /** Gives the exchange up. Before the head it rejects `answer`, afterwards it fails the sink. */
  abort(error: GatewayError): void {
    if (this.#error !== null || this.#isEnded) return
    this.#pool.forget(this)
    const stream = this.#stream
    if (stream !== null && !stream.closed) {
      stream.close(constants.NGHTTP2_CANCEL)
      this.#session!.cancelled()
      if (error.code === 'UPSTREAM_TIMEOUT' || error.code === 'IDLE_TIMEOUT') this.#session!.doubt()
    }
    this.#fail(error)
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
    else this.#stream!.pause()
  }

  takeWhole(): Buffer | null {
    if (!this.#isEnded || this.#error !== null || this.#trailers !== null) return null
    return this.#kept.length === 1 ? this.#kept[0]! : Buffer.concat(this.#kept)
  }

  resume(): void {
    this.#stream?.resume()
  }

  responded(raw: string[], isLast: boolean): void {
    if (this.#error !== null) return
    const head = fromHeaders(raw)
    this.#hasHead = true
    if (head.status !== 304 && this.#call.head.method !== 'HEAD') this.#length = Number(head.headers.get('content-length') ?? -1)
    this.#needsTrailers = this.#call.protocol === 'grpc' && !head.headers.has('grpc-status')
    if (isLast) this.#end()
    this.#resolve({ head, body: this })
  }

  informed(raw: string[]): void {
    const head = fromHeaders(raw)
    // 101 has no meaning in HTTP/2, and 100 answers an expectation that is not passed on.
    if (head.status > 101 && head.status < 200) this.#call.informed?.inform(head)
  }

  trailed(raw: string[]): void {
    this.#trailers = new HeaderList(raw)
  }

  took(chunk: Buffer): void {
    if (this.#error !== null) return
    this.#bytes += chunk.length
    if (this.#sink !== null) {
      if (!this.#sink.chunk(chunk)) this.#stream!.pause()
      return
    }
    this.#kept.push(chunk)
    this.#keptBytes += chunk.length
    if (this.#keptBytes >= BUFFER_BYTES) this.#stream!.pause()
  }

  /** All has been read that will ever come. When that is not the whole answer, the close that follows tells why. */
  read(): void {
    if (!this.#hasHead || !isWhole(this.#stream!)) return
    if (this.#length === -1 || this.#length === this.#bytes) this.#end()
  }

  closed(): void {
    const session = this.#session!
    const { id, rstCode } = this.#stream!
    session.release()
    if (!this.#isEnded) this.#fail(failureOf({ id, rstCode: rstCode ?? 0, lastStreamId: session.lastStreamId, lost: session.lost }))
    this.#upload?.stop()
  }

  #end(): void {
    if (this.#isEnded || this.#error !== null) return
    if (this.#needsTrailers && this.#trailers === null) {
      this.#fail(new GatewayError('UPSTREAM_RESET', 'the answer ended without the trailers that gRPC ends with'))
      return
    }
    this.#isEnded = true
    // The answer is there before the request is: the rest of it is not wanted (RFC 9113, section 8.1).
    if (this.#upload !== null && !this.#upload.isEnded) {
      this.#upload.stop()
      this.#stream!.close(constants.NGHTTP2_NO_ERROR)
    }
    this.#sink?.end(this.#trailers)
  }

  #fail(error: GatewayError): void {
    if (this.#error !== null || this.#isEnded) return
    this.#error = error
    this.#kept = []
    this.#upload?.stop()
    if (this.#hasHead) this.#sink?.fail(error)
    else this.#reject(error)
  }
}

function onResponse(this: KnownStream, _headers: unknown, flags: number, raw: string[]): void {
  this[FLOW].responded(raw, (flags & END_STREAM) !== 0)
}

function onHeaders(this: KnownStream, _headers: unknown, _flags: number, raw: string[]): void {
  this[FLOW].informed(raw)
}

function onTrailers(this: KnownStream, _headers: unknown, _flags: number, raw: string[]): void {
  this[FLOW].trailed(raw)
}

function onData(this: KnownStream, chunk: Buffer): void {
  this[FLOW].took(chunk)
}

function onEnd(this: KnownStream): void {
  this[FLOW].read()
}

/** The close that follows tells all there is to know. */
function onError(): void {}

function onClose(this: KnownStream): void {
  this[FLOW].closed()
}
