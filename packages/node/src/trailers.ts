import { HeaderList } from '@octopus-gateway/core'
import type { Context } from '@octopus-gateway/core/lane'

/** RFC 9110, section 6.5.1: what frames, routes, authenticates or caches a message means nothing behind it, and must not be merged into its head. */
const NOT_IN_TRAILERS = new Set([
  'authorization',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'host',
  'keep-alive',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'vary',
  'www-authenticate',
])

/** Whether the client has said that it takes trailer fields (`TE: trailers`). gRPC rests on them. */
export function takesTrailers(ctx: Context): boolean {
  return ctx.protocol === 'grpc' || /(?:^|[\s,])trailers(?:$|[\s,;])/i.test(ctx.request.headers.getAll('te') ?? '')
}

/** The trailer fields of an upstream as the client may see them. */
export function endToEndTrailers(trailers: HeaderList): HeaderList {
  const kept = new HeaderList()
  for (const [name, value] of trailers) if (!NOT_IN_TRAILERS.has(name.toLowerCase())) kept.append(name, value)
  return kept
}
