import { compareText } from './semver.ts'
import { mergeOpenApi } from './merge/openapi.ts'
import { Run } from './source/run.ts'
import { settingsOf } from './options.ts'
import { webhookEndpoints } from './webhook/endpoints.ts'
import type { DocumentKind, RouteSource, SourceHost } from '@octopus-gateway/core'
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
  const runs = new Set<Run>()
  const merged = new WeakMap<Run, { readonly key: string; readonly document: Record<string, unknown> }>()
  return {
    name: 'farp',
    identity,
    endpoints: webhookEndpoints(settings.webhooks, () => [...runs].at(-1)?.hub),
    async *watch(host: SourceHost) {
      const run = new Run(settings, host)
      runs.add(run)
      try {
        yield* run.sets()
      } finally {
        runs.delete(run)
      }
    },
    async document(hash: string) {
      for (const run of runs) {
        const found = run.documents.find((document) => document.hash === hash)
        // A copy: the original is what routes and the merged document are made from.
        if (found !== undefined) return structuredClone(found.document)
      }
      return undefined
    },
    async federated(kind: DocumentKind) {
      const run = [...runs].at(-1)
      const documents = run?.documents.filter((document) => document.kind === kind) ?? []
      if (kind !== 'openapi' || run === undefined || documents.length === 0) return undefined
      const key = documents
        .map(({ id }) => id)
        .sort(compareText)
        .join(' ')
      const known = merged.get(run)
      if (known?.key === key) return known.document
      const document = mergeOpenApi(documents)
      merged.set(run, { key, document })
      return document
    },
  }
}
