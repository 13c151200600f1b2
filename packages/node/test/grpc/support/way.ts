import { running } from '../../support/running.ts'
import { testCertificates } from '@octopus-gateway/testing'
import type { Gateway, GatewayOptions, Outcome, Plugin } from '@octopus-gateway/core'
import type { NotesServer } from './notes.ts'

/** A gateway in front of a gRPC server, in the clear or over TLS on both sides. */
export interface Way {
  readonly origin: string
  readonly gateway: Gateway
  /** How calls ended. */
  readonly outcomes: Outcome[]
}

export async function through(server: NotesServer, options: { readonly tls: boolean } & GatewayOptions): Promise<Way> {
  const { tls, ...more } = options
  const outcomes: Outcome[] = []
  const watch: Plugin = {
    name: 'outcomes',
    version: '1.0.0',
    identity: { name: 'outcomes', version: '1.0.0', config: outcomes },
    setup: () => ({ onFinish: (_ctx, outcome) => void outcomes.push(outcome) }),
  }
  const { ca, server: certificate } = testCertificates()
  const { gateway, server: serving } = await running(
    {
      upstreams: { up: { endpoints: [server.origin], ...(tls ? { tls: { ca } } : {}) } },
      routes: [{ path: '/*', upstream: 'up' }],
      ...more,
      plugins: [watch, ...(more.plugins ?? [])],
    },
    tls ? { tls: { port: 0, certificates: [certificate] } } : {},
  )
  return { origin: tls ? serving.tls!.url : serving.url, gateway, outcomes }
}
