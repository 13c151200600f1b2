import type { AdminSettings, ServerSettings } from '../options.ts'
import { ADMIN_PORT } from '../check/admin.ts'
import type { Config } from '../schema/root.ts'

/** The traffic listener of a configuration. */
export function serverSettings({ server }: Config): ServerSettings {
  const { timeouts, limits } = server
  return {
    port: server.http_port,
    host: server.host,
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
  }
}

/** The admin listener of a configuration. */
export function adminSettings({ admin, server }: Config): AdminSettings {
  return {
    enabled: admin.enabled,
    host: admin.address?.host ?? '127.0.0.1',
    port: admin.address?.port ?? server.admin_port ?? ADMIN_PORT,
    ...(admin.auth === undefined ? {} : { auth: { username: admin.auth.username, passwordHash: admin.auth.password_hash } }),
    allowUnauthenticated: admin.allow_unauthenticated,
  }
}
