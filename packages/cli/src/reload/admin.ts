import { createAdmin, type Admin } from '@octopus-gateway/admin'
import { isDeepStrictEqual } from 'node:util'
import { processMetrics } from '@octopus-gateway/node'
import type { FetchListening } from '@octopus-gateway/node'
import type { Follower } from './reloader.ts'
import type { LoadedConfig } from '@octopus-gateway/config'
import type { Service } from '../service.ts'

/** The admin API, which follows the configuration while it is served. */
export function followingAdmin({ config, gateway, log, reloading, workers }: Service): Pick<Admin, 'fetch'> {
  const startedAt = performance.now()
  const ofProcess = processMetrics()
  const make = ({ admin, metrics }: LoadedConfig): Admin =>
    createAdmin(gateway, {
      ...(admin.auth === undefined ? {} : { auth: admin.auth }),
      metrics: metrics.enabled ? { path: metrics.path, extra: [ofProcess, reloading.metrics] } : false,
      reload: ({ dryRun }) => reloading.reloader.reload({ trigger: 'POST /_/reload', dryRun }),
      startedAt,
      log,
      ...(workers === undefined ? {} : { workers }),
    })
  let current = make(config)
  reloading.follow({
    prepare(next, previous) {
      // Another one would have forgotten who guessed at passwords.
      if (isDeepStrictEqual([next.admin.auth, next.metrics], [previous.admin.auth, previous.metrics])) return Promise.resolve(() => {})
      const made = make(next)
      return Promise.resolve(() => {
        current = made
      })
    },
  })
  return { fetch: (request, env) => current.fetch(request, env) }
}

/** The listener itself follows the certificates. */
export function followingAdminTls(listening: Pick<FetchListening, 'prepareTls'>): Follower {
  return {
    prepare: ({ admin: { tls } }) => (tls === undefined ? Promise.resolve(() => {}) : listening.prepareTls(tls)),
  }
}
