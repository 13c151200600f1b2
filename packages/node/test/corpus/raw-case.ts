/** Bytes of a client, and what must become of them. */
export interface RawCase {
  readonly title: string
  /** The row of `tests/regressions.json`. */
  readonly row: 17 | 18 | 19
  /** latin1. */
  readonly bytes: string
  /** The final statuses the client gets, in order. */
  readonly statuses: readonly number[]
  /** Every request that reaches the origin, in order; nothing else does. */
  readonly forwarded: readonly Forwarded[]
  /** Whether nothing more is read of the connection. */
  readonly closes: boolean
}

/** A request as the origin reads it. */
export interface Forwarded {
  /** The request line without its version. */
  readonly line: string
  /** The content, chunks taken off. */
  readonly body: string
  /** Fields that must be there with this value, by lower-case name; `undefined` for those that must not. */
  readonly fields?: Readonly<Record<string, string | undefined>>
}

export const HOST = 'Host: a.test\r\n'
/** What an attacker wants an upstream to read as a request. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: evil.test\r\n\r\n'

type Row = RawCase['row']

/** Refused with one problem document; nothing reaches the origin, and the connection ends. */
export function refused(row: Row, title: string, bytes: string, status: number | readonly number[] = 400): RawCase {
  return { row, title, bytes, statuses: typeof status === 'number' ? [status] : status, forwarded: [], closes: true }
}

/** Answered without the origin; the connection goes on. */
export function denied(row: Row, title: string, bytes: string, status = 400): RawCase {
  return { row, title, bytes, statuses: [status], forwarded: [], closes: false }
}

/** Forwarded as these requests, all answered 200. */
export function forwarded(row: Row, title: string, bytes: string, ...requests: readonly Forwarded[]): RawCase {
  return { row, title, bytes, statuses: requests.map(() => 200), forwarded: requests, closes: false }
}

/** The first requests are forwarded; then something comes that ends the connection. */
export function broken(row: Row, title: string, bytes: string, requests: readonly Forwarded[], status: number | null = 400): RawCase {
  return {
    row,
    title,
    bytes,
    statuses: [...requests.map(() => 200), ...(status === null ? [] : [status])],
    forwarded: requests,
    closes: true,
  }
}

/** A request with a body, in short. */
export function post(fields: string, body: string, line = 'POST / HTTP/1.1'): string {
  return `${line}\r\n${HOST}${fields}\r\n${body}`
}

export function got(line: string, body = '', fields?: Forwarded['fields']): Forwarded {
  return { line, body, ...(fields === undefined ? {} : { fields }) }
}
