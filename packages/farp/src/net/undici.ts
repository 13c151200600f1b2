import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { Client } from 'undici'
import { FetchError, toFetchError } from './fetcher.ts'
import { pinned } from './pinned.ts'
import type { Fetcher, FetchRequest, FetchResponse } from './fetcher.ts'
import type { Dispatcher } from 'undici'
import type { Duplex, Readable } from 'node:stream'

/**
 * The fetcher for Node: undici, and `node:http2` where HTTP/2 is asked for. One connection per fetch, bound to the addresses that were checked.
 * Certificates are verified; TLS 1.2 or later.
 */
export function undiciFetcher(): Fetcher {
  return { resolve, send }
}

async function resolve(host: string, signal: AbortSignal): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host]
  try {
    const found = await untilAborted(lookup(host, { all: true }), signal)
    return found.map(({ address }) => address)
  } catch (thrown) {
    throw toFetchError(thrown)
  }
}

async function send(request: FetchRequest): Promise<FetchResponse> {
  // Loaded when the first gRPC service is asked for its descriptors, not before.
  if (request.http2 === true) return (await import('./http2.ts')).sendHttp2(request)
  const { url, headersMs, body: content } = request
  // A connection of its own: nothing pooled can point anywhere else than the addresses checked for this fetch.
  const client = new Client(url.origin, {
    connect: { lookup: pinned(request.addresses), timeout: request.connectMs, minVersion: 'TLSv1.2' },
    headersTimeout: headersMs,
    bodyTimeout: headersMs,
    maxHeaderSize: 16_384,
  })
  try {
    const { statusCode, headers, body } = await client.request({
      method: (request.method ?? (content === undefined ? 'GET' : 'POST')) as Dispatcher.HttpMethod,
      path: url.pathname + url.search,
      ...(content === undefined ? {} : { body: content }),
      headers: { ...request.headers, 'accept-encoding': 'gzip, br' },
      signal: request.signal,
    })
    const header = (name: string): string | undefined => {
      const value = Object.hasOwn(headers, name) ? headers[name] : undefined
      return Array.isArray(value) ? value[0] : value
    }
    return { status: statusCode, header, body: await read(body, header('content-encoding'), request) }
  } catch (thrown) {
    throw toFetchError(thrown)
  } finally {
    // `destroy` would wait for nothing, but its promise can carry the abort's reason.
    await client.destroy().catch((thrown: unknown) => {
      throw toFetchError(thrown)
    })
  }
}

async function read(body: Readable, coding: string | undefined, request: FetchRequest): Promise<Uint8Array> {
  const { maxBytes, maxRatio, signal } = request
  const decoder = decoderOf(coding)
  const chunks: Uint8Array[] = []
  let received = 0
  let decoded = 0
  const counted = async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      received += chunk.length
      if (received > maxBytes) throw new FetchError('content', `the answer is larger than ${maxBytes} bytes`)
      yield chunk
    }
  }
  const collect = async (source: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of source) {
      decoded += chunk.length
      if (decoded > maxBytes) throw new FetchError('content', `the answer is larger than ${maxBytes} bytes`)
      // Small answers compress well for honest reasons.
      if (decoded > 65_536 && decoded > received * maxRatio)
        throw new FetchError('content', `the answer decodes to more than ${maxRatio} times its size`)
      chunks.push(chunk)
    }
  }
  if (decoder === undefined) await pipeline(body, counted, collect, { signal })
  else await pipeline(body, counted, decoder, collect, { signal }).catch(rethrowDecoding)
  return Buffer.concat(chunks)
}

function decoderOf(coding: string | undefined): Duplex | undefined {
  switch (coding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return undefined
    case 'gzip':
    case 'x-gzip':
      return createGunzip()
    case 'br':
      return createBrotliDecompress()
    case 'deflate':
      return createInflate()
    default:
      throw new FetchError('content', 'the answer has a content coding that was not asked for')
  }
}

function rethrowDecoding(thrown: unknown): never {
  const code = (thrown as { code?: string } | null)?.code ?? ''
  if (code.startsWith('Z_') || code.startsWith('ERR_')) throw new FetchError('content', 'the answer cannot be decoded', { cause: thrown })
  throw thrown
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new FetchError('timeout', 'the host name was not resolved in time'))
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
