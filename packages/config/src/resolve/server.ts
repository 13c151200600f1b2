import type { AdminSettings, AdminTlsSettings, ServerSettings, ShutdownSettings } from '../options.ts'
import { ADMIN_PORT } from '../check/admin.ts'
import { HTTPS_PORT } from '../check/tls.ts'
import type { Config } from '../schema/root.ts'
import type { Path } from '../tree/node.ts'
import type { PemFiles } from '../pem/files.ts'

/** The traffic listener of a configuration. */
export function serverSettings({ server, tls, routing }: Config, files: PemFiles): ServerSettings {
  const { timeouts, limits, probes } = server
  return {
    port: server.http_port,
    host: server.host,
    workers: server.workers,
    http2Push: server.http2_push,
    upstreamClient: routing.upstream_client,
    timeouts: {
      header: timeouts.header,
      idle: timeouts.idle,
      keepAlive: timeouts.keep_alive,
      ...(timeouts.request_body === undefined ? {} : { requestBody: timeouts.request_body }),
    },
    limits: {
      // Left out, it would be the listener's own default, not none.
      connections: limits.connections ?? Infinity,
      ...(limits.connections_per_ip === undefined ? {} : { connectionsPerIp: limits.connections_per_ip }),
    },
    probes: probes.enabled && {
      liveness: probes.liveness,
      readiness: probes.readiness,
      startup: probes.startup,
      requireSync: probes.require_sync,
    },
    ...(tls?.enabled === true
      ? { tls: { port: server.https_port ?? HTTPS_PORT, ...secureSettings(tls, ['tls'], files), redirectHttp: tls.redirect_http } }
      : {}),
  }
}

/** What is said alike of every listener with TLS. */
function secureSettings(tls: NonNullable<Config['tls'] | Config['admin']['tls']>, at: Path, files: PemFiles): AdminTlsSettings {
  const pair = (...path: Path): { readonly cert: string; readonly key: string } => ({
    cert: files.at(...at, ...path, 'cert').source,
    key: files.at(...at, ...path, 'key').source,
  })
  const { client_auth } = tls
  return {
    certificates: [
      ...(tls.cert === undefined ? [] : [pair()]),
      ...tls.certificates.map(({ hosts }, index) => ({ ...pair('certificates', index), ...(hosts === undefined ? {} : { hosts }) })),
    ],
    minVersion: tls.min_version === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
    ...(client_auth === undefined ? {} : { clientAuth: { ca: files.at(...at, 'client_auth', 'ca').source, mode: client_auth.mode } }),
  }
}

/** How a configuration says to end. */
export function shutdownSettings({ server: { shutdown } }: Config): ShutdownSettings {
  return { preStopDelay: shutdown.pre_stop_delay, grace: shutdown.timeout }
}

/** The admin listener of a configuration. */
export function adminSettings({ admin, server }: Config, files: PemFiles): AdminSettings {
  return {
    enabled: admin.enabled,
    host: admin.address?.host ?? '127.0.0.1',
    port: admin.address?.port ?? server.admin_port ?? ADMIN_PORT,
    ...(admin.auth === undefined ? {} : { auth: { username: admin.auth.username, passwordHash: admin.auth.password_hash } }),
    allowUnauthenticated: admin.allow_unauthenticated,
    ...(admin.enabled && admin.tls?.enabled === true ? { tls: secureSettings(admin.tls, ['admin', 'tls'], files) } : {}),
  }
}
