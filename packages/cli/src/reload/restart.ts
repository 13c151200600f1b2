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
  ['admin.tls.enabled', ({ admin }) => admin.tls !== undefined],
  ['admin.tls.client_auth.mode', ({ admin }) => admin.tls?.clientAuth?.mode],
  ['store.path', ({ store }) => store.path],
  ['observability.logging.format', ({ logging }) => logging.format],
]

/** Where TLS, or a listener, comes or goes as a whole, its parts say nothing more. */
const PARTS = [
  { whole: 'tls.enabled', parts: ['server.https_port', 'tls.client_auth.mode'] },
  { whole: 'admin.tls.enabled', parts: ['admin.tls.client_auth.mode'] },
  { whole: 'admin.enabled', parts: ['admin.tls.enabled', 'admin.tls.client_auth.mode'] },
]

/** The keys that differ and hold only after a restart. */
export function restartKeys(previous: LoadedConfig, next: LoadedConfig): string[] {
  const keys = AT_START.filter(([, of]) => !isDeepStrictEqual(of(previous), of(next))).map(([key]) => key)
  const isSaid = (key: string): boolean => PARTS.some(({ whole, parts }) => keys.includes(whole) && parts.includes(key))
  return keys.filter((key) => !isSaid(key))
}
