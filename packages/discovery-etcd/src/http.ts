import { Outage, unreachable } from './outage.ts'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { SecureContextOptions } from 'node:tls'

/** A member, and how to get there. */
export interface Place {
  /** Also for messages, so without credentials. */
  readonly origin: string
  readonly tls: (SecureContextOptions & { readonly servername?: string; readonly rejectUnauthorized: boolean }) | null
}

export interface Posting {
  readonly path: string
  readonly body: string
  readonly token: string | null
  readonly signal: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly text: string
}

/** Until an answer is complete, or a stream has begun. Milliseconds. */
const ANSWER_MS = 5_000
/** A network that swallows everything is noticed after about twice as long. Milliseconds. */
const KEEP_ALIVE_MS = 10_000

/** Larger than what was asked for may be. */
export class TooLarge extends Outage {
  override readonly name = 'TooLarge'
}

/** Asks once, over a connection of its own. Rejects with an `Outage`, or as `signal` aborts. */
export function post(place: Place, posting: Posting, longest: number): Promise<Answer> {
  return withAnswer(place, posting, async (response, timer) => {
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > longest) throw new TooLarge(`etcd at ${place.origin} answers with more than ${longest} bytes.`)
      chunks.push(chunk)
    }
    clearTimeout(timer)
    return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }
  })
}

export interface Streaming extends Posting {
  /** The longest line. Bytes. */
  readonly longest: number
  /** Silence that is none any more. Milliseconds. */
  readonly silence: number
  /** Called with each line. What it throws ends the stream. */
  line(text: string): void
}

/** Reads an answer line by line until it ends. Rejects with an `Outage` when it breaks off, or as `signal` aborts. */
export function stream(place: Place, streaming: Streaming): Promise<void> {
  return withAnswer(place, streaming, async (response, timer) => {
    clearTimeout(timer)
    response.socket.setKeepAlive(true, KEEP_ALIVE_MS)
    response.setTimeout(streaming.silence, () => response.destroy(new Outage(`etcd at ${place.origin} has fallen silent.`)))
    let rest = ''
    response.setEncoding('utf8')
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()!
      for (const line of lines) if (line !== '') streaming.line(line)
      if (rest.length > streaming.longest)
        throw new TooLarge(`etcd at ${place.origin} tells of a change in more than ${streaming.longest} bytes.`)
    }
    if (rest !== '') streaming.line(rest)
  })
}

async function withAnswer<T>(
  place: Place,
  posting: Posting,
  read: (response: IncomingMessage, timer: NodeJS.Timeout) => Promise<T>,
): Promise<T> {
  const { origin } = place
  const request = begin(place, posting)
  const timer = setTimeout(() => request.destroy(new Outage(`etcd at ${origin} did not answer within ${ANSWER_MS} ms.`)), ANSWER_MS)
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request.on('error', reject)
      request.on('response', resolve)
      request.end(posting.body)
    })
    return await read(response, timer)
  } catch (thrown) {
    if (posting.signal.aborted || thrown instanceof Outage) throw thrown
    throw unreachable(origin, thrown as Error)
  } finally {
    clearTimeout(timer)
    request.destroy()
  }
}

function begin({ origin, tls }: Place, { path, body, token, signal }: Posting): ClientRequest {
  return (tls === null ? httpRequest : httpsRequest)(`${origin}${path}`, {
    ...tls,
    method: 'POST',
    agent: false,
    signal,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      // A member that has lost the others ends its streams instead of telling nothing for ever.
      'grpc-metadata-hasleader': 'true',
      ...(token === null ? {} : { authorization: token }),
    },
  })
}
