import { onTestFinished } from 'vitest'
import { FetchError } from '../../src/net/fetcher.ts'
import { startService } from '@octopus-gateway/testing'
import { undiciFetcher } from '../../src/net/undici.ts'
import type { Fetcher } from '../../src/net/fetcher.ts'
import type { RecordedRequest, Service } from '@octopus-gateway/testing'

/** What a site answers: a text or bytes as they are, anything else as JSON. */
export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Says nothing at all. */
  readonly isMute?: boolean
  /** Breaks the connection. */
  readonly isBroken?: boolean
}

/** Starts a service that answers as it is told, 404 where it is told nothing; ends with the test. */
export async function startSite(answer: (path: string, request: RecordedRequest) => Answer | undefined): Promise<Service> {
  const service = await startService({
    handler(request, response, recorded) {
      request.resume()
      const {
        status = 200,
        headers = {},
        body = {},
        isMute = false,
        isBroken = false,
      } = answer(recorded.url.split('?')[0]!, recorded) ?? { status: 404 }
      if (isBroken) return void request.socket.destroy()
      if (isMute) return
      const isRaw = typeof body === 'string' || body instanceof Uint8Array
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(isRaw ? body : JSON.stringify(body))
    },
  })
  onTestFinished(() => service.close())
  return service
}

/** A service that is there and must not be asked anything. */
export function startBystander(): Promise<Service> {
  return startSite(() => ({ body: { openapi: '3.1.0', info: { title: 'Internal', version: '1' }, paths: { '/secret': { get: {} } } } }))
}

/** The way out of the gateway, where names mean what a test says and nothing else. */
export function fetcherWhere(names: Readonly<Record<string, readonly string[]>>): Fetcher {
  const { resolve, send } = undiciFetcher()
  return {
    send,
    resolve(host, signal) {
      if (/^[\d.]+$|:/.test(host)) return resolve(host, signal)
      return Object.hasOwn(names, host) ? Promise.resolve(names[host]!) : Promise.reject(new FetchError('dns', `${host} is no name here`))
    },
  }
}
