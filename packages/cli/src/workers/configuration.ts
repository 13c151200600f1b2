import type { LoadedConfig, ServerSettings, SourceFile } from '@octopus-gateway/config'

/** What a worker makes its gateway of: texts, so that all of them have the same whatever happens to the files meanwhile. */
export interface WorkerConfiguration {
  readonly sources: readonly SourceFile[]
  /** How to listen. What holds from the next start on is as it was when the control process started: all workers share their listeners. */
  readonly server: ServerSettings
  readonly logging: LoadedConfig['logging']
  /** Whether a person reads what the control process prints. */
  readonly isTerminal: boolean
}

/** What workers are given of a configuration, in a process that started with `first`. */
export function workerConfiguration(
  next: LoadedConfig,
  first: LoadedConfig,
  { isTerminal }: { readonly isTerminal: boolean },
): WorkerConfiguration {
  return {
    sources: next.sources,
    server: listeners(next.server, first.server),
    logging: { level: next.logging.level, format: first.logging.format },
    isTerminal,
  }
}

function listeners({ tls: renewed, ...next }: ServerSettings, { host, port, tls }: ServerSettings): ServerSettings {
  if (tls === undefined) return { ...next, host, port }
  return { ...next, host, port, tls: { ...(renewed ?? tls), port: tls.port } }
}
