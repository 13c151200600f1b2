import type { Protocol } from './head.ts'

/** Methods whose repetition has no further effect (RFC 9110, section 9.2.2; QUERY is safe). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'])

/** Whether a request may be sent twice. A handshake has its own connection, and a tunnel is more than the GET that asks for it. */
export function isRepeatable(protocol: Protocol, method: string, declared: boolean | null): boolean {
  return protocol === 'http' && (declared ?? IDEMPOTENT.has(method))
}
