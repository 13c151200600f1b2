import { clean } from '../text.ts'

/** Every code an answer of the push protocol can carry. `docs/push.md` explains each. */
export const PUSH_CODES = [
  'ADDRESS_BLOCKED',
  'ADDRESS_FORBIDDEN',
  'ADDRESS_UNRESOLVED',
  'BROWSER_REFUSED',
  'CONTENT_CODING',
  'INSTANCE_NOT_FOUND',
  'INSTANCE_OWNED',
  'INVALID_BODY',
  'INVALID_INSTANCE',
  'INVALID_MANIFEST',
  'INVALID_PATH',
  'LIMIT_EXCEEDED',
  'METHOD_NOT_ALLOWED',
  'NAME_AMBIGUOUS',
  'NOT_FOUND',
  'NOT_READY',
  'NO_ADDRESS',
  'PAYLOAD_TOO_LARGE',
  'RATE_LIMITED',
  'SERVICE_FORBIDDEN',
  'SERVICE_NAME_DIFFERS',
  'SERVICE_NOT_FOUND',
  'TIMEOUT',
  'UNAUTHORIZED',
] as const

export type PushCode = (typeof PUSH_CODES)[number]

/** A refused call. What it says is for the caller. */
export class PushError extends Error {
  readonly status: number
  readonly code: PushCode
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: PushCode,
    message: string,
    more: { readonly body?: Readonly<Record<string, unknown>>; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(clean(message))
    this.name = 'PushError'
    this.status = status
    this.code = code
    this.body = more.body ?? {}
    this.headers = more.headers ?? {}
  }
}

/** An answer in JSON that nobody keeps. */
export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })
}

/** What a refused caller gets. */
export function refusal({ status, code, message, body, headers }: PushError): Response {
  return json(status, { error: message, code, ...body }, headers)
}
