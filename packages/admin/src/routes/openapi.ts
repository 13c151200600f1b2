import { revalidated } from '../answers.ts'
import type { Gateway } from '@octopus-gateway/core'

/** Serves the federated OpenAPI document, as text that is made once per document. */
export function openapi(gateway: Gateway, name: string): (request: Request) => Promise<Response> {
  const encoder = new TextEncoder()
  const texts = new WeakMap<object, Uint8Array<ArrayBuffer>>()
  const empty = { openapi: '3.1.0', info: { title: name, version: '1.0.0' }, paths: {} }
  return async (request) => {
    const document = (await gateway.federated('openapi')) ?? empty
    if (typeof document !== 'object') throw new TypeError(`The federated OpenAPI document is a ${typeof document}, not an object.`)
    let bytes = texts.get(document)
    if (bytes === undefined) {
      bytes = encoder.encode(JSON.stringify(document))
      texts.set(document, bytes)
    }
    return revalidated(request, { type: 'application/json', bytes })
  }
}
