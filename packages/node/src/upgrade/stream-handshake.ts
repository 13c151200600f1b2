import { constants } from 'node:http2'
import { AnswerFlow } from './answer-flow.ts'
import { choiceProblem } from './handshake.ts'
import { failureOf } from '../http2-client/failure.ts'
import { fromHeaders, toHeaders } from '../http2-client/head.ts'
import { GatewayError, toGatewayError } from '@octopus-gateway/core'
import { giveUp } from './upgrade-body.ts'
import { isWhole } from '../http2-client/whole.ts'
import type { Call, Sending, UpstreamAnswer } from '@octopus-gateway/core/lane'
import type { EndedStream } from '../http2-client/whole.ts'
import type { H2Pool, Waiter } from '../http2-client/pool.ts'
import type { H2Session } from '../http2-client/session.ts'
import type { ResponseHead } from '@octopus-gateway/core'
import type { UpgradeBody } from './upgrade-body.ts'

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants

/** One handshake with an endpoint as an extended CONNECT (RFC 8441), or `otherwise` where the endpoint does not take that. */
export class StreamHandshake implements Sending<UpgradeBody>, Waiter {
  readonly answer: Promise<UpstreamAnswer<UpgradeBody>>
  readonly connectTimeout: number
  #resolve!: (answer: UpstreamAnswer<UpgradeBody> | Promise<UpstreamAnswer<UpgradeBody>>) => void
  #reject!: (error: GatewayError) => void
  readonly #call: Call<null>
  readonly #pool: H2Pool
  readonly #otherwise: () => Sending<UpgradeBody>
  /** What is under way instead. */
  #other: Sending<UpgradeBody> | null = null
  #session: H2Session | null = null
  #stream: EndedStream | null = null
  #body: UpgradeBody | null = null
  #isAborted = false

  constructor(call: Call<null>, pool: H2Pool, otherwise: () => Sending<UpgradeBody>) {
    this.connectTimeout = call.connectTimeout
    this.#call = call
    this.#pool = pool
    this.#otherwise = otherwise
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    pool.acquire(this)
  }

  refuse(error: GatewayError): void {
    this.#reject(error)
  }

  begin(session: H2Session): void {
    if (this.#isAborted) return
    if (!session.takesConnect) {
      this.#other = this.#otherwise()
      this.#resolve(this.#other.answer)
      return
    }
    const { head, endpoint } = this.#call
    let stream: EndedStream
    try {
      const headers = toHeaders({ ...head, method: 'CONNECT' }, { origin: endpoint.origin, limit: session.headLimit })
      headers[':protocol'] = 'websocket'
      delete headers['sec-websocket-key']
      stream = session.request(headers, false)
    } catch (thrown) {
      // A connection that took no more streams is not offered again; anything else is about the fields.
      if (session.isOpen || GatewayError.is(thrown)) this.#reject(GatewayError.is(thrown) ? thrown : badHeader(thrown))
      else this.#pool.acquire(this)
      return
    }
    this.#session = session
    this.#stream = stream
    stream.on('response', ((_fields: unknown, _flags: number, raw: string[]) => this.#answered(stream, fromHeaders(raw))) as never)
    stream.on('error', ignore)
    stream.once('close', () => {
      session.release()
      const { id, rstCode } = stream
      const { lastStreamId, lost } = session
      this.#reject(failureOf({ id, rstCode: rstCode ?? NGHTTP2_NO_ERROR, lastStreamId, lost }))
    })
  }

  abort(error: GatewayError): void {
    this.#isAborted = true
    this.#pool.forget(this)
    this.#other?.abort(error)
    if (this.#body === null) this.#cut()
    else giveUp(this.#body, error)
    this.#reject(error)
  }

  #answered(stream: EndedStream, head: ResponseHead): void {
    const { status, headers } = head
    const cut = (): void => this.#cut()
    if (status < 200 || status > 299) {
      this.#settle(head, { end: null, flow: new AnswerFlow(stream, { isWhole: () => isWhole(stream), release: cut }) })
      return
    }
    const problem = choiceProblem(this.#call.head.headers, headers)
    if (problem !== null) {
      this.#reject(new GatewayError('UPSTREAM_PROTOCOL', problem))
      cut()
      return
    }
    // The success of an extended CONNECT is the 101 of a handshake.
    this.#settle({ status: 101, headers }, { end: { duplex: stream, early: Buffer.alloc(0), cut, abort: null }, flow: null })
  }

  #settle(head: ResponseHead, body: UpgradeBody): void {
    this.#body = body
    this.#resolve({ head, body })
  }

  #cut(): void {
    const stream = this.#stream
    if (stream === null || stream.closed) return
    stream.close(NGHTTP2_CANCEL)
    this.#session!.cancelled()
  }
}

function badHeader(thrown: unknown): GatewayError {
  return new GatewayError('BAD_HEADER', toGatewayError(thrown).message, thrown)
}

function ignore(): void {}
