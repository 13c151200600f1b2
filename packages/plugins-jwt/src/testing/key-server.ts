import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { JWK } from 'jose'

/** A key server on this machine. */
export interface TestKeyServer extends AsyncDisposable {
  readonly url: string
  /** Requests so far. */
  readonly requests: readonly IncomingMessage[]
  /** What it serves from now on. */
  serve(keys: readonly JWK[]): void
  /** What it does from now on, whatever that is. */
  behave(handler: (request: IncomingMessage, response: ServerResponse) => void): void
}

/** Starts one that serves these keys. */
export async function startKeyServer(keys: readonly JWK[] = []): Promise<TestKeyServer> {
  const requests: IncomingMessage[] = []
  const serving =
    (served: readonly JWK[]) =>
    (_request: IncomingMessage, response: ServerResponse): void => {
      response.setHeader('content-type', 'application/jwk-set+json')
      response.end(JSON.stringify({ keys: served }))
    }
  let handler = serving(keys)
  const server = createServer((request, response) => {
    requests.push(request)
    handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys?client=gateway`,
    requests,
    serve(next) {
      handler = serving(next)
    },
    behave(next) {
      handler = next
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
