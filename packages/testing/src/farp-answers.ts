import { findOperation } from './openapi.ts'
import type { FarpServiceState } from './farp-state.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** A JSON answer with its length. */
export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, { type: 'application/json', text: JSON.stringify(value) })
}

/** A document: data as JSON, a text as it stands. A status other than 200 comes without it. */
export function answerDocument(response: ServerResponse, status: number, document: unknown): void {
  if (status !== 200) answerJson(response, status, { error: `status ${status} was asked for` })
  else if (typeof document === 'string') send(response, 200, { type: 'application/yaml', text: document })
  else answerJson(response, 200, document)
}

/** Who answers. */
export interface Publisher {
  readonly name: string
  readonly instanceId: string
  readonly state: FarpServiceState
}

interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
}

/** Answers when the request calls an operation of the service's document; resolves with whether it did. */
export async function answerOperation(service: Publisher, { request, response, path }: Call): Promise<boolean> {
  const { openapi, handler } = service.state
  const method = request.method ?? ''
  const operation = findOperation(openapi, method, path)
  if (operation === undefined) return false
  if (handler !== undefined) {
    await handler(request, response, operation)
    return true
  }
  const parts: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) parts.push(chunk)
  answerJson(response, 200, {
    service: service.name,
    instance: service.instanceId,
    operation: operation.operationId,
    template: operation.template,
    params: operation.params,
    method,
    url: request.url,
    body: Buffer.concat(parts).toString(),
  })
  return true
}

function send(response: ServerResponse, status: number, content: { readonly type: string; readonly text: string }): void {
  response.writeHead(status, { 'content-type': content.type, 'content-length': Buffer.byteLength(content.text) })
  response.end(content.text)
}
