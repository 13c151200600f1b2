import type { LoadedConfig } from '@octopus-gateway/config'
import type { Follower } from './reloader.ts'
import type { Server } from '@octopus-gateway/node'

/** The traffic listeners follow what can change while they listen: limits, timeouts and certificates. */
export function followingTraffic(traffic: Pick<Server, 'update' | 'prepareTls'>): {
  prepare(next: Pick<LoadedConfig, 'server'>): ReturnType<Follower['prepare']>
} {
  return {
    async prepare({ server }) {
      const changeTls = server.tls === undefined ? undefined : await traffic.prepareTls(server.tls)
      return () => {
        traffic.update(server)
        changeTls?.()
      }
    },
  }
}
