import { revalidated } from '../answers.ts'
import type { Gateway } from '@octopus-gateway/core'

/** Serves a federated document, as text that is made once per document; `empty` where there is none. */
export function federated(gateway: Gateway, kind: 'openapi' | 'asyncapi', empty: object): (request: Request) => Promise<Response> {
  const encoder = new TextEncoder()
  const texts = new WeakMap<object, Uint8Array<ArrayBuffer>>()
  return async (request) => {
    const document = (await gateway.federated(kind)) ?? empty
    if (typeof document !== 'object') throw new TypeError(`The federated ${kind} document is a ${typeof document}, not an object.`)
    let bytes = texts.get(document)
    if (bytes === undefined) {
      bytes = encoder.encode(JSON.stringify(document))
      texts.set(document, bytes)
    }
    return revalidated(request, { type: 'application/json', bytes })
  }
}

/** An OpenAPI document of nothing. */
export function emptyOpenApi(name: string): object {
  return { openapi: '3.1.0', info: { title: name, version: '1.0.0' }, paths: {} }
}

/** An AsyncAPI document of nothing. */
export function emptyAsyncApi(name: string): object {
  return { asyncapi: '3.0.0', info: { title: name, version: '1.0.0' }, channels: {}, operations: {} }
}
