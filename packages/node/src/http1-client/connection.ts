import { ChunkedDecoder } from './chunked.ts'
import { dial } from '../connect/dial.ts'
import { checkBeginning, readResponseHead } from './response-head.ts'
import { GatewayError } from '@octopus-gateway/core'
import { HEAD_BYTES, INTERIM_HEADS } from './limits.ts'
import { idleTimeOf } from './idle-time.ts'
import { malformed } from './fields.ts'
import { FREE_BYTES, rotation } from './rotation.ts'
import { ReadMemory } from './read-memory.ts'
import { Upload } from './upload.ts'
import type { Dialled } from '../connect/dial.ts'
import type { Carrier, ClientExchange } from './exchange.ts'
import type { HeaderList } from '@octopus-gateway/core'
import type { ResponseStart } from './response-head.ts'
import type { Rotated } from './rotation.ts'
import type { Socket } from 'node:net'
import type { UploadTarget } from './upload.ts'

/** Told of what becomes of a connection. */
export interface ConnectionOwner {
  /** Ready for another exchange. */
  released(connection: Connection): void
  closed(connection: Connection): void
}

/** What is read at the moment. */
const HEAD = 0
const COUNTED = 1
const CHUNKS = 2
const UNTIL_CLOSE = 3

/** Usually a head is shorter; the text of a longer one is made a second time. */
const FIRST_LOOK = 2048

/**
 * One socket, one exchange at a time. It is neither paused nor timed by itself: a pause belongs to an exchange and ends with it, and a
 * connection goes back to its pool only when request and response are complete to the byte and nothing came behind them.
 */
export class Connection implements Carrier, UploadTarget, Rotated {
  /** Monotonic milliseconds until which the server can be trusted to keep the idle connection. */
  usableUntil = 0
  readonly #owner: ConnectionOwner
  readonly #memory = new ReadMemory()
  #socket!: Socket
  #exchange: ClientExchange | null
  /** Whether the socket delivers; `false` after an exchange has asked for a pause, or while others have their turn. */
  #isReading = true
  #isWaiting = false
  /** Bytes that may be read before others have their turn. */
  #allowance = FREE_BYTES
  #failure: (Error & { code?: string }) | null = null
  #part = HEAD
  /** The beginning of a head whose end has not come yet. */
  #begun = ''
  #interim = 0
  #left = 0
  #decoder: ChunkedDecoder | null = null
  #isReusable = false

  /** Made for its first exchange, which fails when the connection cannot be established. */
  constructor(owner: ConnectionOwner, exchange: ClientExchange) {
    this.#owner = owner
    this.#exchange = exchange
    exchange.carrier = this
  }

  /** Connects, and begins the first exchange. Bytes are read into memory of ours, without a stream in between. */
  dial(wanted: Omit<Dialled, 'onread'>): void {
    const onread = {
      buffer: () => this.#memory.next(),
      callback: (size: number, bytes: Uint8Array) => this.#read(bytes as Buffer, size),
    }
    this.#socket = dial({ ...wanted, onread }, (error, socket) => {
      if (error === null) this.#opened(socket)
      else this.#fail(error)
      if (socket.closed) this.#owner.closed(this)
      else socket.once('close', () => this.#closed())
    })
  }

  #opened(socket: Socket): void {
    socket.on('drain', () => this.#exchange?.upload?.drained())
    socket.on('error', (error) => (this.#failure = error))
    socket.on('end', () => this.#ended())
    if (this.#exchange !== null) this.#begin(this.#exchange)
  }

  #closed(): void {
    this.#fail(this.#lost())
    this.#owner.closed(this)
  }

  /** Whether an exchange may begin here. */
  canCarry(now: number): boolean {
    return this.usableUntil > now && this.#socket.writable && !this.#socket.readableEnded
  }

  carry(exchange: ClientExchange): void {
    exchange.carrier = this
    this.#exchange = exchange
    this.#begin(exchange)
  }

  #begin(exchange: ClientExchange): void {
    const { start, body } = exchange
    this.#part = HEAD
    this.#interim = 0
    this.#isReusable = false
    this.#allowance = FREE_BYTES
    if (body === null) this.#socket.write(start.text, 'latin1')
    else if (body instanceof Uint8Array) this.#writeWhole(start.text, body)
    else {
      exchange.upload = new Upload(this, { body, start, replay: exchange.replay })
      exchange.upload.begin()
    }
  }

  #writeWhole(head: string, body: Uint8Array): void {
    this.#socket.cork()
    this.#socket.write(head, 'latin1')
    if (body.length > 0) this.#socket.write(body)
    this.#socket.uncork()
  }

  write(data: string | Uint8Array): boolean {
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data)
  }

  cork(): void {
    this.#socket.cork()
  }

  uncork(): void {
    this.#socket.uncork()
  }

  uploadFailed(error: GatewayError): void {
    this.#fail(error)
    this.#socket.destroy()
  }

  resume(): void {
    if (this.#isReading || this.#isWaiting) return
    this.#isReading = true
    this.#socket.resume()
  }

  turn(bytes: number): void {
    this.#isWaiting = false
    this.#allowance = bytes
    if (this.#exchange?.isPaused !== true && !this.#socket.destroyed) this.resume()
  }

  destroy(): void {
    this.#exchange = null
    this.#socket.destroy()
  }

  /** Closes the connection; what is under way on it fails. */
  close(): void {
    this.#fail(new GatewayError('UPSTREAM_RESET', 'The gateway is closing.'))
    this.#socket.destroy()
  }

  /** One read of the socket; `false` stops reading until `resume`. */
  #read(bytes: Buffer, size: number): boolean {
    const exchange = this.#exchange
    if (exchange === null) {
      // Nobody asked for anything: a server that speaks now may do so again when somebody has.
      this.#socket.destroy()
      return true
    }
    try {
      this.#memory.filled(size)
      this.#consume(exchange, bytes, size)
      exchange.tell()
    } catch (thrown) {
      this.#fail(thrown)
      this.#socket.destroy()
    }
    this.#allowance -= size
    if (this.#exchange !== exchange) return true
    if (!exchange.isPaused) {
      if (this.#allowance > 0) return true
      this.#wait()
    }
    this.#isReading = false
    return false
  }

  #wait(): void {
    // TLS hands over what it has decrypted also while a turn is waited for.
    if (this.#isWaiting) return
    this.#isWaiting = true
    rotation.wait(this)
  }

  #consume(exchange: ClientExchange, bytes: Buffer, size: number): void {
    let at = 0
    while (this.#part === HEAD) {
      at = this.#readHead(exchange, bytes, at, size)
      if (at === -1 || this.#exchange !== exchange) return
    }
    if (this.#part === CHUNKS) this.#readChunks(exchange, bytes, at, size)
    else this.#readBytes(exchange, bytes, at, size)
  }

  /** Returns where the head ended, or -1 when more of it must come. */
  #readHead(exchange: ClientExchange, bytes: Buffer, from: number, to: number): number {
    const { length: before } = this.#begun
    let text = this.#begun + bytes.toString('latin1', from, Math.min(to, from + FIRST_LOOK))
    let end = text.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (end === -1 && to - from > FIRST_LOOK) {
      text = this.#begun + bytes.toString('latin1', from, Math.min(to, from + HEAD_BYTES + 4))
      end = text.indexOf('\r\n\r\n', Math.max(0, before - 3))
    }
    if (end === -1) {
      if (text !== '') checkBeginning(text)
      this.#begun = text
      return -1
    }
    this.#begun = ''
    const at = from + end + 4 - before
    const head = readResponseHead(text, end)
    if (head.status < 200) this.#interimHead(exchange, head)
    else this.#finalHead(exchange, head, at === to)
    return at
  }

  #interimHead(exchange: ClientExchange, { status, minor, flat, framing }: ResponseStart): void {
    // RFC 9110, section 15.2: never to a client of HTTP/1.0, never with content.
    if (minor === 0 || framing.length !== -1 || framing.isChunked) throw malformed('An interim answer is invalid.')
    if (status === 101) throw malformed('The upstream switched protocols unasked.')
    this.#interim += 1
    if (this.#interim > INTERIM_HEADS) throw malformed(`More than ${INTERIM_HEADS} interim answers came.`)
    exchange.informational(status, flat)
  }

  #finalHead(exchange: ClientExchange, head: ResponseStart, isAllRead: boolean): void {
    const { status, flat, framing } = head
    const idle = idleTimeOf(head, exchange.start.isLast)
    this.#isReusable = idle > 0
    this.usableUntil = idle
    const { upload } = exchange
    // What is refused or found elsewhere needs no body; another answer may come while the body still flows.
    if (upload !== null && !upload.isComplete && status >= 300) upload.stop()
    exchange.answered(status, flat)
    if (exchange.isHead || status === 204 || status === 304) {
      // Whether a body follows all the same is a matter of opinion: nothing more is read here.
      if (status === 204 && (framing.isChunked || framing.length > 0)) this.#isReusable = false
      this.#finish(exchange, null, isAllRead)
    } else if (framing.isChunked) {
      this.#decoder = new ChunkedDecoder()
      this.#part = CHUNKS
    } else if (framing.length === -1) {
      this.#isReusable = false
      this.#part = UNTIL_CLOSE
    } else if (framing.length === 0) this.#finish(exchange, null, isAllRead)
    else {
      this.#left = framing.length
      this.#part = COUNTED
    }
  }

  #readBytes(exchange: ClientExchange, bytes: Buffer, from: number, to: number): void {
    const end = this.#part === COUNTED ? Math.min(to, from + this.#left) : to
    if (end > from) {
      this.#left -= end - from
      exchange.piece(this.#memory.take(bytes, from, end))
    }
    if (this.#part === COUNTED && this.#left === 0 && this.#exchange === exchange) this.#finish(exchange, null, end === to)
  }

  #readChunks(exchange: ClientExchange, bytes: Buffer, from: number, to: number): void {
    const decoder = this.#decoder!
    const at = decoder.decode(bytes, from, to)
    if (decoder.dataTo > decoder.dataFrom) exchange.piece(this.#memory.take(bytes, decoder.dataFrom, decoder.dataTo))
    if (decoder.isDone && this.#exchange === exchange) this.#finish(exchange, decoder.trailers, at === to)
  }

  /** The answer is complete. */
  #finish(exchange: ClientExchange, trailers: HeaderList | null, isAllRead: boolean): void {
    const { upload } = exchange
    const isSent = (upload === null || upload.isComplete) && this.#socket.writableLength === 0
    this.#exchange = null
    this.#decoder = null
    this.#memory.reset()
    if (upload !== null) {
      upload.stop()
      exchange.upload = null
    }
    if (this.#isReusable && isSent && isAllRead) {
      this.usableUntil += performance.now()
      this.resume()
      this.#owner.released(this)
    } else this.#socket.destroy()
    exchange.ended(trailers)
  }

  /** The server has closed its side. */
  #ended(): void {
    const exchange = this.#exchange
    if (exchange !== null && this.#part === UNTIL_CLOSE) this.#finish(exchange, null, true)
    else this.#fail(this.#lost())
    this.#socket.destroy()
  }

  #lost(): GatewayError {
    const failure = this.#failure
    const message = failure === null ? 'The upstream closed the connection.' : `${failure.message} (${failure.code ?? failure.name})`
    return new GatewayError('UPSTREAM_RESET', message, failure ?? undefined)
  }

  #fail(thrown: unknown): void {
    const exchange = this.#exchange
    this.#exchange = null
    exchange?.failed(thrown)
  }
}
