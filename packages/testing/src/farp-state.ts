import type { IncomingMessage, ServerResponse } from 'node:http'
import type { OpenApiDocument, OperationMatch } from './openapi.ts'

/** What a FARP service publishes and how it behaves. All of it can be changed while it runs. */
export interface FarpServiceState {
  /** The service's own version, such as `1.2.0`. Default `1.0.0`. */
  readonly version: string
  /** The operations it answers, and the document it publishes. Default: a document with `GET /` only. */
  readonly openapi: OpenApiDocument
  /** Published in place of `openapi`, as it stands: YAML, or something broken. */
  readonly openapiText?: string
  /** Members put over the manifest that is made by default; one that is `undefined` is left out. */
  readonly manifest: Readonly<Record<string, unknown>>
  /** The status of `/_farp/manifest`, 200 by default; another one comes without a manifest. */
  readonly manifestStatus: number
  /** The status of `/openapi.json`, 200 by default; another one comes without a document. */
  readonly openapiStatus: number
  /** Milliseconds before every answer. Default 0. */
  readonly delay: number
  /** Answers the operations in place of the echo. */
  readonly handler?: (request: IncomingMessage, response: ServerResponse, operation: OperationMatch) => void | Promise<void>
}
