import { HeaderList } from './headers.ts'
import type { Reply } from './exchange/head.ts'

/** Whose fault a failure is. */
export type ErrorSource = 'client' | 'upstream' | 'gateway'

/** When another attempt is safe: never, only for idempotent methods (RFC 9110, section 9.2.2), or always because nothing was sent. */
export type RetryClass = 'never' | 'idempotent' | 'always'

/** One row of the catalogue. */
export interface ErrorSpec {
  /** The status the client sees. */
  readonly status: number
  readonly source: ErrorSource
  readonly retry: RetryClass
  /** Short, for people, free of internals: the `title` of the problem document. */
  readonly title: string
  /** The status told to a gRPC client, where `status` alone would tell another. */
  readonly grpcStatus?: number
}

/** Every failure the gateway itself can name. `docs/errors.md` is made from this table. */
export const ERRORS = {
  BAD_REQUEST: { status: 400, source: 'client', retry: 'never', title: 'The request is malformed' },
  BAD_TARGET: { status: 400, source: 'client', retry: 'never', title: 'The request target is not acceptable' },
  BAD_HOST: { status: 400, source: 'client', retry: 'never', title: 'The Host field is missing, repeated or invalid' },
  BAD_HEADER: { status: 400, source: 'client', retry: 'never', title: 'A header field is invalid' },
  UNAUTHENTICATED: { status: 401, source: 'client', retry: 'never', title: 'Authentication is required' },
  FORBIDDEN: { status: 403, source: 'client', retry: 'never', title: 'The caller may not do this' },
  ROUTE_NOT_FOUND: { status: 404, source: 'client', retry: 'never', title: 'No route matches this request' },
  METHOD_NOT_ALLOWED: { status: 405, source: 'client', retry: 'never', title: 'The route does not accept this method' },
  REQUEST_TIMEOUT: { status: 408, source: 'client', retry: 'never', title: 'The request did not arrive in time' },
  BODY_TOO_LARGE: { status: 413, source: 'client', retry: 'never', title: 'The request body is too large' },
  URI_TOO_LONG: { status: 414, source: 'client', retry: 'never', title: 'The request target is too long' },
  MISDIRECTED: { status: 421, source: 'client', retry: 'never', title: 'The host asked for is not served on this connection' },
  UPGRADE_REQUIRED: { status: 426, source: 'client', retry: 'never', title: 'The request needs another version of the protocol' },
  RATE_LIMITED: { status: 429, source: 'client', retry: 'never', title: 'Too many requests' },
  HEADERS_TOO_LARGE: { status: 431, source: 'client', retry: 'never', title: 'The header fields are too large' },
  CLIENT_CLOSED: { status: 499, source: 'client', retry: 'never', title: 'The client closed the connection' },
  INTERNAL: { status: 500, source: 'gateway', retry: 'never', title: 'The gateway failed to process the request' },
  NOT_SUPPORTED: { status: 501, source: 'gateway', retry: 'never', title: 'The gateway cannot carry this request here' },
  UPSTREAM_CONNECT: { status: 502, source: 'upstream', retry: 'always', title: 'The upstream could not be reached' },
  UPSTREAM_RESET: { status: 502, source: 'upstream', retry: 'idempotent', title: 'The upstream closed the connection' },
  UPSTREAM_PROTOCOL: { status: 502, source: 'upstream', retry: 'idempotent', title: 'The upstream sent an invalid response' },
  UPSTREAM_REFUSED: { status: 503, source: 'upstream', retry: 'always', title: 'The upstream did not accept the request' },
  CIRCUIT_OPEN: { status: 503, source: 'upstream', retry: 'never', title: 'The upstream is failing and is left alone for a while' },
  OVERLOADED: { status: 503, source: 'upstream', retry: 'never', title: 'The upstream has too many requests' },
  NO_ENDPOINT: { status: 503, source: 'upstream', retry: 'never', title: 'No instance of the upstream is available' },
  NOT_READY: { status: 503, source: 'gateway', retry: 'never', title: 'The gateway is not ready' },
  AUTH_UNAVAILABLE: { status: 503, source: 'gateway', retry: 'never', title: 'Callers cannot be authenticated at the moment' },
  UPSTREAM_TIMEOUT: { status: 504, source: 'upstream', retry: 'never', title: 'The upstream did not answer in time' },
  IDLE_TIMEOUT: { status: 504, source: 'upstream', retry: 'never', title: 'The exchange was idle for too long', grpcStatus: 14 },
  CONFIG_INVALID: { status: 500, source: 'gateway', retry: 'never', title: 'The configuration is invalid' },
  SCHEMA_INVALID: { status: 502, source: 'upstream', retry: 'never', title: 'A schema document is invalid' },
} as const satisfies Readonly<Record<string, ErrorSpec>>

/** The code of a failure from the gateway's own catalogue. */
export type ErrorCode = keyof typeof ERRORS

const BRAND = Symbol.for('octopus.error')

/**
 * A failure with a code from the catalogue (or a plugin's own code with its own row). `message` and `cause` are for the log;
 * a client sees the title, the code and the request id only. No stack is taken for failures of clients and upstreams.
 */
export class GatewayError extends Error {
  readonly code: string
  readonly spec: ErrorSpec
  readonly [BRAND] = true
  /** Seconds after which the client may come again, told to it in `Retry-After`; `null` when nobody knows. */
  retryAfter: number | null = null

  constructor(code: ErrorCode, message?: string, cause?: unknown)
  constructor(code: string, message: string | undefined, cause: unknown, spec: ErrorSpec)
  constructor(code: string, message?: string, cause?: unknown, spec?: ErrorSpec) {
    const row = spec ?? ERRORS[code as ErrorCode]
    const limit = Error as { stackTraceLimit?: number }
    const before = limit.stackTraceLimit
    if (row.source !== 'gateway' && before !== undefined) limit.stackTraceLimit = 0
    super(message ?? row.title, cause === undefined ? undefined : { cause })
    if (before !== undefined) limit.stackTraceLimit = before
    this.name = 'GatewayError'
    this.code = code
    this.spec = row
  }

  /** Tells the client when to come again: at least a second. */
  comeAgainIn(seconds: number): this {
    this.retryAfter = Math.max(1, Math.ceil(seconds))
    return this
  }

  /** True also for an error of another copy of this package. */
  static is(value: unknown): value is GatewayError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true
  }

  /** An RFC 9457 problem document: title, status, code and request id; never the message or the cause. */
  toReply(requestId?: string): Reply {
    const { status, title } = this.spec
    const body = JSON.stringify({
      type: 'about:blank',
      title,
      status,
      code: this.code,
      ...(requestId === undefined ? {} : { request_id: requestId }),
    })
    return {
      status,
      headers: new HeaderList([
        'content-type',
        'application/problem+json',
        'content-length',
        String(new TextEncoder().encode(body).length),
        'cache-control',
        'no-store',
        ...(this.retryAfter === null ? [] : ['retry-after', String(this.retryAfter)]),
      ]),
      body,
    }
  }
}

/** Any thrown value as a `GatewayError`: itself, or `INTERNAL` with the value as its cause. */
export function toGatewayError(thrown: unknown): GatewayError {
  return GatewayError.is(thrown) ? thrown : new GatewayError('INTERNAL', thrown instanceof Error ? thrown.message : String(thrown), thrown)
}

/** One thing wrong with a configuration. */
export interface ConfigIssue {
  /** A stable word for tools, such as `unknown_key`, `invalid_value`, `dangling_upstream`. */
  readonly code: string
  /** Where: `routes[3].upstream`. Empty for the configuration as a whole. */
  readonly path: string
  /** What is wrong and what to do about it. */
  readonly message: string
  /** `octopus.yaml:41:7`, when the configuration came from a file. */
  readonly source?: string
}

/** An invalid configuration: every issue at once. */
export class ConfigError extends GatewayError {
  readonly issues: readonly ConfigIssue[]

  constructor(issues: readonly ConfigIssue[]) {
    super('CONFIG_INVALID', issues.map(formatIssue).join('\n'))
    this.name = 'ConfigError'
    this.issues = issues
  }
}

/** `octopus.yaml:41:7: routes[3].upstream: there is no upstream "user"; did you mean "users"?` */
export function formatIssue(issue: ConfigIssue): string {
  return [issue.source, issue.path === '' ? undefined : issue.path, issue.message].filter((part) => part !== undefined).join(': ')
}
