import { GatewayError } from '@octopus-gateway/core'
import { performServerHandshake } from 'node:http2'
import { Pushes } from './pushes.ts'
import { requestHead } from './request-head.ts'
import { responseFields } from './response-fields.ts'
import { Session } from './session.ts'
import { sessionOptions } from './settings.ts'
import { StreamExchange } from './stream-exchange.ts'
import { versionProblem } from '../upgrade/handshake.ts'
import type { Listener } from '../listener.ts'
import type { ProbeReply } from '../probes.ts'
import type { Protocol, RequestHead } from '@octopus-gateway/core'
import type { ServerHttp2Stream } from 'node:http2'
import type { SessionOptions } from './session.ts'
import type { Socket } from 'node:net'
import type { StreamHead } from './request-head.ts'

const EXCHANGE = Symbol('octopus.exchange')
type KnownStream = ServerHttp2Stream & { [EXCHANGE]?: { readonly exchange: StreamExchange; readonly session: Session } }

const CARRIES: readonly Protocol[] = ['http', 'grpc', 'websocket']

/** Takes requests from connections that speak HTTP/2, by the core streams of `node:http2`: its compatible face costs another third. */
export class StreamListener {
  readonly #listener: Listener
  readonly #options: SessionOptions
  readonly #isPushing: boolean

  constructor(listener: Listener, options: SessionOptions & { readonly push: boolean }) {
    this.#listener = listener
    this.#options = options
    this.#isPushing = options.push
  }

  /** Takes a connection whose client speaks HTTP/2: told by ALPN, or by the preface that has been seen and put back. */
  accept(socket: Socket): void {
    const { limits } = this.#listener.lanes.opener
    // The sockets of `node:http` stay half open for ever when their client has gone; nobody here would end them.
    socket.allowHalfOpen = false
    const session = new Session(socket, performServerHandshake(socket, sessionOptions(limits)), this.#options)
    const pushes = this.#isPushing ? new Pushes((stream, request) => this.#pushed(session, stream, request)) : null
    session.start((of, stream, raw) => this.#open(of, stream, { raw, pushes }))
  }

  #open(session: Session, stream: KnownStream, { raw, pushes }: { readonly raw: readonly string[]; readonly pushes: Pushes | null }): void {
    // A stream that is reset tells so, and again as an error.
    stream.on('error', ignore)
    if (stream.destroyed || stream.closed) {
      // Reset before we got to it.
      session.count('reset')
      return
    }
    this.#answer(session, stream, requestHead(raw), pushes)
  }

  /** A stream that was promised: its request goes the way of any other, and asks for nothing more. */
  #pushed(session: Session, stream: KnownStream, request: RequestHead): void {
    stream.on('error', ignore)
    if (stream.destroyed || stream.closed) return
    this.#answer(session, stream, { request, scheme: '', protocol: undefined }, 'pushed')
  }

  #answer(session: Session, stream: KnownStream, head: StreamHead, pushes: Pushes | 'pushed' | null): void {
    const probe = this.#listener.probes?.answer(head.request.method, head.request.target)
    if (probe) {
      probed(stream, probe, head.request.method === 'HEAD')
      return
    }
    const { lanes } = this.#listener
    const arrived = { request: head.request, peer: session.connection.peer(lanes), carries: CARRIES }
    const { ctx, refusal } = lanes.open(isWebSocket(head) ? { ...arrived, protocol: 'websocket' } : arrived)
    const exchange = new StreamExchange(stream, ctx, pushes === 'pushed')
    if (pushes instanceof Pushes && stream.pushAllowed) exchange.res.onHead = (status, fields) => pushes.promise(exchange, status, fields)
    stream[EXCHANGE] = { exchange, session }
    stream.on('aborted', onAborted)
    stream.on('close', onClose)
    const isExpecting = head.request.headers.get('expect')?.toLowerCase() === '100-continue'
    this.#listener.take(session.connection, exchange, { problem: connectProblem(head) ?? refusal, isExpecting })
  }
}

function probed(stream: ServerHttp2Stream, { status, fields, body }: ProbeReply, isHead: boolean): void {
  stream.respond({ ...responseFields(fields), ':status': status }, { endStream: isHead })
  if (!isHead) stream.end(body)
  // A body of the request is none of ours.
  stream.resume()
}

/** The handshake of RFC 8441. */
function isWebSocket({ request, protocol }: StreamHead): boolean {
  return request.method === 'CONNECT' && protocol === 'websocket'
}

/** A gateway in front of services is no tunnel for anything but WebSocket. */
function connectProblem(head: StreamHead): GatewayError | null {
  if (isWebSocket(head)) return versionProblem(head.request.headers)
  return head.request.method === 'CONNECT' || head.protocol !== undefined ? new GatewayError('NOT_SUPPORTED') : null
}

// Functions that are shared by all streams: a closure for each would be made for every request.

function onAborted(this: KnownStream): void {
  this[EXCHANGE]!.exchange.abandon()
}

function onClose(this: KnownStream): void {
  const { exchange, session } = this[EXCHANGE]!
  session.closed(exchange)
}

function ignore(): void {}
