import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { startService, waitFor, type Service } from '@octopus-gateway/testing'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** A service behind the gateways: it streams when it is told to, stays silent when asked to, and echoes everything else. */
export interface Upstream extends Service {
  /** The body received so far, by path. */
  readonly received: ReadonlyMap<string, string>
  /** Resolves when somebody reads `/stream/events`, of this target where one is named, and has not got an event yet. */
  eventsRead(target?: string): Promise<unknown>
  /** Sends one more event to the last reader of `/stream/events`. */
  sendEvent(text: string): void
  /** Requests of this target whose client went away before the end of the answer. */
  aborted(target: string): number
}

/** What the echo says. */
export interface Echo {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: number
  readonly sha256: string
}

/** A body of one mebibyte. */
export const MIB = Buffer.alloc(1024 * 1024, 'octopus ')

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => unknown

const ANSWERS: Readonly<Record<string, Answer>> = {
  '/stream/mib': (_request, response) => response.end(MIB),
  '/stream/gzip': (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('unpacked')),
  '/stream/moved': (_request, response) =>
    response.writeHead(302, { location: 'http://elsewhere.invalid/', 'set-cookie': ['a=1', 'b=2'] }).end(),
  '/stream/empty': (_request, response) => response.writeHead(204).end(),
  '/stream/cut': (_request, response) => response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy()),
  '/stream/upload': (_request, response, body) => response.end(body),
}

/** Starts the service on 127.0.0.1. */
export async function startUpstream(): Promise<Upstream> {
  let events: ServerResponse | undefined
  let isUnread = false
  const received = new Map<string, string>()
  const service = await startService({
    async handler(request, response) {
      const path = request.url!.split('?')[0]!
      if (path.endsWith('/silent')) return
      if (path === '/stream/events') {
        events = response
        isUnread = true
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
        return
      }
      const pieces: Buffer[] = []
      received.set(path, '')
      for await (const piece of request as AsyncIterable<Buffer>) {
        pieces.push(piece)
        received.set(path, Buffer.concat(pieces).subarray(0, 100).toString())
      }
      const answer = ANSWERS[path] ?? echo
      answer(request, response, Buffer.concat(pieces))
    },
  })
  return Object.assign(Object.create(service) as Service, {
    received,
    eventsRead: (target?: string) =>
      waitFor(() => isUnread && (target === undefined || events?.req.url === target), { what: 'a reader of events' }),
    sendEvent(text: string) {
      if (events === undefined) throw new Error('Nobody reads /stream/events.')
      isUnread = false
      events.write(`data: ${text}\n\n`)
    },
    aborted: (target: string) => service.requests.filter(({ url, state }) => url === target && state === 'aborted').length,
  })
}

function echo(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const { method, url, headers } = request
  const text = JSON.stringify({ method, url, headers, bytes: body.length, sha256: sha256(body) })
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), 'x-service': 'echo' }).end(text)
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
