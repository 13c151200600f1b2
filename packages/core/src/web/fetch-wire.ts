import { drainBody } from './drain.ts'
import { GatewayError } from '../errors.ts'
import { HeaderList } from '../headers.ts'
import { KeptBodies } from './kept-body.ts'
import type { Call, UpstreamAnswer, Wire } from '../exchange/wire.ts'
import type { WebBody, WebUpload } from './bodies.ts'

/**
 * The way out where there is only `fetch`. It decodes bodies, so the fields that described the encoded body go; it cannot send a body with GET
 * or HEAD, nor TRACE: those are answered with 501 instead of something else than the client asked for.
 */
export function fetchWire(fetch: typeof globalThis.fetch): Wire<WebUpload, WebBody> {
  const bodies = new KeptBodies()
  return {
    send: (call) => {
      const abort = new AbortController()
      return { answer: sendByFetch(fetch, { ...call, body: bodies.streamFor(call) }, abort.signal), abort: (error) => abort.abort(error) }
    },
    replayable: (body) => bodies.replayable(body),
    isWhole: (body) => bodies.isWhole(body),
    copyOf: (body, most) => bodies.copyOf(body, most),
    drain: drainBody,
    settled: (body) => bodies.settled(body),
  }
}

async function sendByFetch(fetch: typeof globalThis.fetch, call: Call<WebUpload>, signal: AbortSignal): Promise<UpstreamAnswer<WebBody>> {
  const { head, body, endpoint } = call
  const { method } = head
  if (method === 'TRACE' || method === 'CONNECT' || (body !== null && (method === 'GET' || method === 'HEAD'))) {
    throw new GatewayError('NOT_SUPPORTED', `fetch cannot send ${method}${body === null ? '' : ' with a body'}.`)
  }
  const init: RequestInit & { duplex?: 'half' } = { method, headers: headersOf(head.headers), body, redirect: 'manual', signal }
  if (body !== null) init.duplex = 'half'
  try {
    return answerOf(await fetch(endpoint.origin + head.target, init), method)
  } catch (thrown) {
    if (GatewayError.is(thrown)) throw thrown
    if (GatewayError.is(signal.reason)) throw signal.reason
    throw fetchFailure(thrown)
  }
}

/** Codes of connections that were never made, where the runtime tells (Node's `cause`). */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ConnectionRefused',
])

/** The same in words, where there are no codes (Deno's `cause`). */
const NOT_CONNECTED_TEXT = 'client error (Connect)'

/** Codes of answers that are not HTTP (Node's parser). */
const NOT_HTTP = /^(?:HPE_|HTTPParserError$|UND_ERR_(?:HEADERS_OVERFLOW|RES_))/

function fetchFailure(thrown: unknown): GatewayError {
  const { cause, code: ownCode } =
    (thrown as { cause?: { code?: string; name?: string; message?: string }; code?: string } | undefined) ?? {}
  const code = cause?.code ?? ownCode ?? cause?.name ?? ''
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const isConnect = NOT_CONNECTED.has(code) || cause?.message?.includes(NOT_CONNECTED_TEXT) === true
  const kind = isConnect ? 'UPSTREAM_CONNECT' : NOT_HTTP.test(code) ? 'UPSTREAM_PROTOCOL' : 'UPSTREAM_RESET'
  return new GatewayError(kind, `fetch failed: ${message} ${code}`.trim(), thrown)
}

function headersOf(list: HeaderList): Headers {
  const headers = new Headers()
  for (const [name, value] of list) headers.append(name, value)
  // The runtime frames the body itself; two lengths would contradict each other.
  headers.delete('content-length')
  // The runtime offers the codings that it decodes: with others the body would come through coded and its field would be taken off.
  headers.delete('accept-encoding')
  return headers
}

function answerOf(response: Response, method: string): UpstreamAnswer<WebBody> {
  const headers = HeaderList.from(response.headers)
  const isDecoded = method !== 'HEAD' && response.body !== null && headers.has('content-encoding')
  if (isDecoded) {
    headers.delete('content-encoding')
    headers.delete('content-length')
  }
  return { head: { status: response.status, headers }, body: response.body }
}

/** The way to a service in the same process. Its answer may be immutable: heads are copied, bodies are not. */
export function functionWire(handler: (request: Request) => Response | Promise<Response>): Wire<WebUpload, WebBody> {
  return {
    send: (call) => {
      const abort = new AbortController()
      return { answer: sendToFunction(handler, call, abort.signal), abort: (error) => abort.abort(error) }
    },
    replayable: (body) => body === null,
    isWhole: (body) => body === null,
    copyOf: (body) => (body === null ? null : undefined),
    drain: drainBody,
    settled() {},
  }
}

async function sendToFunction(
  handler: (request: Request) => Response | Promise<Response>,
  call: Call<WebUpload>,
  signal: AbortSignal,
): Promise<UpstreamAnswer<WebBody>> {
  const { head, body } = call
  const host = head.headers.get('host') ?? 'function.invalid'
  const headers = new Headers()
  for (const [name, value] of head.headers) headers.append(name, value)
  const hasBody = head.method !== 'GET' && head.method !== 'HEAD'
  const init: RequestInit & { duplex?: 'half' } = { method: head.method, headers, signal }
  if (hasBody && body !== null) Object.assign(init, { body, duplex: 'half' })
  const given = Promise.resolve(handler(new Request(`http://${host}${head.target}`, init)))
  const response = await abortable(given, signal)
  signal.addEventListener('abort', () => dropBody(response), { once: true })
  return { head: { status: response.status, headers: HeaderList.from(response.headers) }, body: response.body }
}

/** The function may not listen to its signal: the exchange ends all the same. */
function abortable(given: Promise<Response>, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    const settled = (): void => signal.removeEventListener('abort', onAbort)
    given.then(
      (response) => {
        settled()
        if (signal.aborted) dropBody(response)
        resolve(response)
      },
      (thrown: unknown) => {
        settled()
        reject(new GatewayError('INTERNAL', 'The in-process upstream threw.', thrown))
      },
    )
  })
}

/** An answer that nobody will read: its producer is told, unless a reader holds it and tells it. */
function dropBody(response: Response): void {
  if (response.body === null || response.body.locked) return
  void response.body.cancel().catch(() => {
    // A body that breaks while it is being thrown away is thrown away all the same.
  })
}
