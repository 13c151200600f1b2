import { GatewayError, HeaderList } from '@octopus-gateway/core'
import type { Context } from '@octopus-gateway/core/lane'
import type { Reply } from '@octopus-gateway/core'

/** Where plain HTTP is sent. */
export interface RedirectTarget {
  /** The port of HTTPS. */
  readonly port: number
  /** Whether a certificate stands for a host: a redirect to another one would be a redirect to whoever a client, or a cache, was made to name. */
  covers(host: string): boolean
}

/** The answer to a request in the clear: the same host and target over TLS, or why not. */
export function redirectReply(ctx: Context, target: RedirectTarget): Reply | GatewayError {
  const host = ctx.request.headers.get('host')
  if (host === undefined || !target.covers(host)) return new GatewayError('MISDIRECTED')
  const name = host.replace(/:\d*$/, '')
  const origin = target.port === 443 ? name : `${name}:${target.port}`
  const headers = new HeaderList(['location', `https://${origin}${ctx.request.target}`, 'content-length', '0'])
  return { status: 308, headers, body: null }
}
