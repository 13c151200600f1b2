import { contractEndpoint } from './contract/gate/endpoint.ts'
import { FEDERATED_PATHS, FederatedEndpoint } from './federated/endpoint.ts'
import { Federation } from './federated/federation.ts'
import { pushEndpoints } from './push/handler.ts'
import { Run } from './source/run.ts'
import { settingsOf } from './options.ts'
import { webhookEndpoints } from './webhook/endpoints.ts'
import type { DocumentKind, ProvidedEndpoint, RouteSource, SourceHost } from '@octopus-gateway/core'
import type { FarpOptions, Settings } from './options.ts'

/**
 * FARP as a route source: the instances that the gateway's discovery finds are asked for their manifests and schemas, and become routes.
 * Throws `ConfigError` when an option is invalid. Nothing starts before a gateway watches it.
 *
 * One value serves one gateway well; with several, `federated` shows the gateway that began to watch last.
 */
export function farp(options: FarpOptions = {}): RouteSource {
  return farpSource(settingsOf(options), { ...options })
}

/** The source with settings of its own: for tests that need other limits. */
export function farpSource(settings: Settings, identity: unknown): RouteSource {
  const federations = new Map<Run, Federation>()
  const federation = (): Federation | undefined => [...federations.values()].at(-1)
  const endpoint = new FederatedEndpoint(federation)
  const federated = FEDERATED_PATHS.map((path): ProvidedEndpoint => ({
    path,
    access: 'admin',
    handler: (request) => endpoint.answer(request),
  }))
  const running = (): Run | undefined => [...federations.keys()].at(-1)
  return {
    name: 'farp',
    identity,
    endpoints: [
      contractEndpoint(settings, () => running()?.gate),
      ...federated,
      ...pushEndpoints(settings, () => running()?.desk),
      ...webhookEndpoints(settings.webhooks, () => running()?.hub),
    ],
    async *watch(host: SourceHost) {
      const run = new Run(settings, host)
      federations.set(run, new Federation(() => run.material, settings.merging))
      try {
        yield* run.sets()
      } finally {
        federations.delete(run)
      }
    },
    async document(hash: string) {
      for (const run of federations.keys()) {
        const found = run.documents.find((document) => document.hash === hash)
        // A copy: the original is what routes and the merged document are made from.
        if (found !== undefined) return structuredClone(found.document)
      }
      return undefined
    },
    async federated(kind: DocumentKind) {
      return (await federation()?.of(kind))?.merged.document
    },
  }
}
