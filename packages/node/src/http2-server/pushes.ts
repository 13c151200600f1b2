import { HeaderList } from '@octopus-gateway/core'
import { pushedPaths } from './push-links.ts'
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { RequestHead } from '@octopus-gateway/core'
import type { StreamExchange } from './stream-exchange.ts'

/** Pushes under way on one connection, whatever a client says that it takes: one that reads none of them must not gather answers. */
const MOST_UNDER_WAY = 100

/** Fields by which an answer may differ for one client: a pushed request has those of the request that it belongs to. */
const CARRIED = ['accept-encoding', 'accept-language', 'authorization', 'cookie', 'user-agent']

/** Takes a stream that was promised, with the request that it answers. */
type OnPush = (stream: ServerHttp2Stream, request: RequestHead) => void

/** The pushes of one connection (RFC 9113, section 8.4). */
export class Pushes {
  readonly #take: OnPush
  #underWay = 0

  constructor(take: OnPush) {
    this.#take = take
  }

  /** Promises what an answer asks for, before its head is sent: the client must not ask for it meanwhile. */
  promise({ stream, ctx }: StreamExchange, status: number, fields: OutgoingHttpHeaders): void {
    const { link } = fields
    // What the gateway answers by itself names nothing of a service.
    if (link === undefined || status !== 200 || ctx.request.method !== 'GET' || ctx.attempts.length === 0 || ctx.failure !== null) return
    for (const path of pushedPaths(link)) {
      const most = Math.min(stream.session?.remoteSettings.maxConcurrentStreams ?? 0, MOST_UNDER_WAY)
      if (!stream.pushAllowed || this.#underWay >= most) return
      this.#push(stream, pushedHead(path, ctx.request), ctx.peer.secure ? 'https' : 'http')
    }
  }

  #push(stream: ServerHttp2Stream, request: RequestHead, scheme: string): void {
    const promised: Record<string, string> = { ':method': 'GET', ':scheme': scheme, ':path': request.target }
    for (const [name, value] of request.headers) promised[name === 'host' ? ':authority' : name] = value
    this.#underWay += 1
    stream.pushStream(promised, (error, pushed) => {
      // The connection has no number left for a stream: the client asks for itself.
      if (error !== null) this.#underWay -= 1
      else {
        pushed.once('close', () => (this.#underWay -= 1))
        // There is nothing to read, and a stream that is not read to its end does not close.
        pushed.resume()
        this.#take(pushed, request)
      }
    })
  }
}

function pushedHead(target: string, { headers }: RequestHead): RequestHead {
  const flat = ['host', headers.get('host') ?? '']
  for (const name of CARRIED) {
    const value = headers.getAll(name)
    if (value !== undefined) flat.push(name, value)
  }
  return { method: 'GET', target, headers: new HeaderList(flat) }
}
