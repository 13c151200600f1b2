import { isDeepStrictEqual } from 'node:util'
import type { LoadedConfig } from '@octopus-gateway/config'

/** What a process is given when it starts and cannot change while it runs, by its keys in the configuration. */
const AT_START: readonly (readonly [key: string, of: (config: LoadedConfig) => unknown])[] = [
  ['server.host', ({ server }) => server.host],
  ['server.http_port', ({ server }) => server.port],
  ['server.http2_push', ({ server }) => server.http2Push],
  ['server.workers', ({ server }) => server.workers],
  ['server.https_port', ({ server }) => server.tls?.port],
  ['server.probes', ({ server }) => server.probes],
  ['routing.upstream_client', ({ server }) => server.upstreamClient],
  ['tls.enabled', ({ server }) => server.tls !== undefined],
  ['tls.client_auth.mode', ({ server }) => server.tls?.clientAuth?.mode],
  ['admin.enabled', ({ admin }) => admin.enabled],
  ['admin.address', ({ admin }) => admin.host],
  ['server.admin_port', ({ admin }) => admin.port],
  ['store.path', ({ store }) => store.path],
  ['observability.logging.format', ({ logging }) => logging.format],
]

/** The keys that differ and hold only after a restart. */
export function restartKeys(previous: LoadedConfig, next: LoadedConfig): string[] {
  const keys = AT_START.filter(([, of]) => !isDeepStrictEqual(of(previous), of(next))).map(([key]) => key)
  // Where TLS as a whole comes or goes, its parts say nothing more.
  if (!keys.includes('tls.enabled')) return keys
  return keys.filter((key) => key !== 'server.https_port' && key !== 'tls.client_auth.mode')
}
