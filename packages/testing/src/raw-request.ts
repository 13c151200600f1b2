import { connect } from 'node:net'
import { readMessage } from './message.ts'
import type { RawMessage } from './message.ts'

/** One final response of a raw exchange. */
export interface RawResponse extends RawMessage {
  readonly status: number
  /** The interim (1xx) responses that came before it. */
  readonly interim: readonly RawMessage[]
}

/** All that came back on one connection. */
export interface RawExchange {
  readonly bytes: Buffer
  /** The bytes as latin1: one character per byte. */
  readonly text: string
  /** The complete final responses, in order. */
  readonly responses: readonly RawResponse[]
  /** The first of `responses`. Throws, with what did arrive, when there is none. */
  readonly response: RawResponse
  /** How it ended: enough responses came, the peer closed, the connection failed, or time ran out. */
  readonly ended: 'responses' | 'closed' | 'failed' | 'timeout'
  /** The code of the failure: `ECONNREFUSED`, `ECONNRESET`… */
  readonly error?: string
}

/** When a raw exchange is over. */
export interface RawRequestOptions {
  /** Milliseconds. Default 2000. */
  readonly timeout?: number
  /** End after this many final responses; `Infinity` waits for the close or the timeout. Default 1. */
  readonly responses?: number
  /** Default 127.0.0.1. */
  readonly host?: string
}

/**
 * Sends bytes exactly as they are on a new TCP connection and collects what comes back. A string is sent as latin1, one byte
 * per character. Never rejects: how the exchange ended is part of the result.
 */
export function rawRequest(port: number, bytes: string | Uint8Array, options: RawRequestOptions = {}): Promise<RawExchange> {
  const { timeout = 2000, responses: wanted = 1, host = '127.0.0.1' } = options
  const sent = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
  const methods = methodsOf(Buffer.from(sent))
  return new Promise((resolve) => {
    const received: Buffer[] = []
    const socket = connect(port, host)
    const finish = (ended: RawExchange['ended'], error?: string): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(exchange(Buffer.concat(received), methods, { ended, ...(error === undefined ? {} : { error }) }))
    }
    const timer = setTimeout(() => finish('timeout'), timeout)
    socket.setNoDelay(true)
    socket.on('connect', () => socket.write(sent))
    socket.on('data', (chunk) => {
      received.push(chunk)
      if (readResponses(Buffer.concat(received), methods, false).length >= wanted) finish('responses')
    })
    socket.on('end', () => finish('closed'))
    socket.on('error', (error: NodeJS.ErrnoException) => finish('failed', error.code ?? error.message))
  })
}

function exchange(bytes: Buffer, methods: readonly string[], how: Pick<RawExchange, 'ended' | 'error'>): RawExchange {
  const text = bytes.toString('latin1')
  const responses = readResponses(bytes, methods, how.ended === 'closed')
  return {
    bytes,
    text,
    responses,
    get response() {
      const [first] = responses
      if (first === undefined)
        throw new Error(`No complete response came (${how.error ?? how.ended}). Received: ${JSON.stringify(text.slice(0, 500))}`)
      return first
    },
    ...how,
  }
}

function readResponses(bytes: Buffer, methods: readonly string[], ended: boolean): RawResponse[] {
  const responses: RawResponse[] = []
  let interim: RawMessage[] = []
  let rest = bytes
  while (rest.length > 0) {
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(rest.toString('latin1', 0, 12))?.[1] ?? Number.NaN)
    const isInterim = status >= 100 && status < 200 && status !== 101
    const bodiless = status < 200 || status === 204 || status === 304 || methods[responses.length] === 'HEAD'
    const message = readMessage(rest, { bodiless, untilClose: true, ended })
    if (message === undefined || Number.isNaN(status)) break
    if (isInterim) interim.push(message)
    else {
      responses.push({ ...message, status, interim })
      interim = []
    }
    rest = rest.subarray(message.size)
  }
  return responses
}

/** The methods of the pipelined requests, because the framing of each response depends on its request. */
function methodsOf(sent: Buffer): string[] {
  const methods: string[] = []
  let rest = sent
  while (rest.length > 0) {
    const request = readMessage(rest)
    methods.push(/^[A-Za-z]+/.exec(rest.toString('latin1', 0, 20))?.[0] ?? '')
    if (request === undefined) break
    rest = rest.subarray(request.size)
  }
  return methods
}
