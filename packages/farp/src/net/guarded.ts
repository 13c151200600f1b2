import { Circuits } from './circuits.ts'
import { FetchError, toFetchError } from './fetcher.ts'
import { judge, objection } from '../trust.ts'
import type { Fetcher, FetchResponse } from './fetcher.ts'
import type { Limits } from '../limits.ts'
import type { TrustScope } from '../trust.ts'
import type { Turns } from './turns.ts'

/** A document to fetch under the rules of `trust.ts`. */
export interface DocumentRequest {
  readonly url: URL
  readonly scope: TrustScope
  readonly maxBytes: number
  readonly accept: string
  /** Default `GET`, or `POST` with a body. Anything but GET follows no redirect: it must not be done elsewhere. */
  readonly method?: string
  /** Sent to this URL's host only; a redirect to another host goes without them. */
  readonly headers?: ReadonlyMap<string, string>
  /** The entity tag of what is already known: a 304 comes back as status 304. */
  readonly etag?: string
  /** Redirects are not followed with it: whoever gets a body must be the one it was meant for. */
  readonly body?: { readonly type: string; readonly bytes: Uint8Array }
  /** Over HTTP/2, known beforehand in the clear. */
  readonly http2?: boolean
  /** While the place does not answer in time it is asked less and less often; between that the fetch is a timeout at once. */
  readonly backsOff?: boolean
  readonly signal: AbortSignal
}

/** A document as it came. */
export interface FetchedDocument {
  /** 2xx, or 304. */
  readonly status: number
  readonly body: Uint8Array
  readonly contentType: string
  readonly etag: string | undefined
  /** A field of the answer's head or, over HTTP/2, of its trailers, by lower-case name. */
  field(name: string): string | undefined
}

/** Fetches documents: judges and resolves first, connects only to checked addresses, follows few redirects, each judged again. */
export interface DocumentFetcher {
  /** Rejects with a `FetchError`. Sends nothing when the rules forbid the URL. */
  fetch(request: DocumentRequest): Promise<FetchedDocument>
}

export function documentFetcher(fetcher: Fetcher, limits: Limits, turns: Turns): DocumentFetcher {
  const circuits = new Circuits(limits.totalMs)
  const inTurn = (request: DocumentRequest): Promise<FetchedDocument> =>
    turns.run(request.scope.service, () =>
      withDeadline(request.signal, limits.totalMs, (signal) => follow({ fetcher, limits, request, signal })),
    )
  return {
    fetch(request) {
      const { url, scope, signal, backsOff = false } = request
      return backsOff ? circuits.run(`${scope.service} ${url.origin}${url.pathname}`, signal, () => inTurn(request)) : inTurn(request)
    },
  }
}

interface Pursuit {
  readonly fetcher: Fetcher
  readonly limits: Limits
  readonly request: DocumentRequest
  readonly signal: AbortSignal
}

async function follow({ fetcher, limits, request, signal }: Pursuit): Promise<FetchedDocument> {
  let url = request.url
  for (let hops = 0; ; hops++) {
    const response = await sendOnce(url, { fetcher, limits, request, signal })
    const { status } = response
    const isFollowed = REDIRECTS.has(status) && request.body === undefined && (request.method ?? 'GET') === 'GET'
    const location = isFollowed ? response.header('location') : undefined
    if (location === undefined) return accepted(response)
    if (hops === limits.redirects) throw new FetchError('status', `it redirects more than ${limits.redirects} times`, { status })
    if (!URL.canParse(location, url.href)) throw new FetchError('status', 'it redirects to something that is no URL', { status })
    url = new URL(location, url)
  }
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

async function sendOnce(url: URL, { fetcher, limits, request, signal }: Pursuit): Promise<FetchResponse> {
  const verdict = judge(url, request.scope)
  if (!verdict.allowed) throw new FetchError('blocked', verdict.message)
  const addresses = await fetcher.resolve(verdict.address.host, signal)
  const problem = objection(verdict, addresses, request.scope)
  if (problem !== undefined) throw new FetchError('blocked', problem)
  const isSameHost = url.host === request.url.host && url.protocol === request.url.protocol
  const headers: Record<string, string> = Object.create(null)
  if (isSameHost) for (const [name, value] of request.headers ?? []) headers[name] = value
  headers['accept'] ??= request.accept
  headers['user-agent'] ??= 'octopus-gateway'
  if (request.etag !== undefined) headers['if-none-match'] = request.etag
  if (request.body !== undefined) headers['content-type'] = request.body.type
  return fetcher.send({
    url,
    addresses,
    ...(request.method === undefined ? {} : { method: request.method }),
    headers,
    ...(request.body === undefined ? {} : { body: request.body.bytes }),
    ...(request.http2 === true ? { http2: true } : {}),
    maxBytes: request.maxBytes,
    maxRatio: limits.ratio,
    connectMs: limits.connectMs,
    headersMs: limits.headersMs,
    signal,
  })
}

function accepted(response: FetchResponse): FetchedDocument {
  const { status } = response
  if (status !== 304 && (status < 200 || status > 299)) throw new FetchError('status', `it answered ${status}`, { status })
  return {
    status,
    body: response.body,
    contentType: response.header('content-type') ?? '',
    etag: response.header('etag'),
    field: (name) => response.trailer?.(name) ?? response.header(name),
  }
}

/** Runs `work` with a signal that follows `parent` and ends after `ms`; nothing stays attached to `parent`. */
export async function withDeadline<T>(parent: AbortSignal, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const stop = (): void => controller.abort(new FetchError('timeout', 'the gateway stopped asking'))
  const timer = setTimeout(() => controller.abort(new FetchError('timeout', `it did not answer within ${ms} ms`)), ms)
  if (parent.aborted) stop()
  parent.addEventListener('abort', stop, { once: true })
  try {
    return await work(controller.signal)
  } catch (thrown) {
    throw toFetchError(thrown)
  } finally {
    clearTimeout(timer)
    parent.removeEventListener('abort', stop)
  }
}
