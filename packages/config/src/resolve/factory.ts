import { ConfigError } from '@octopus-gateway/core'
import type { ConfigHost } from '../options.ts'

/** A function that a package exports, and what to say when it is not there. */
interface Wanted {
  readonly specifier: string
  /** Of the export. */
  readonly name: string
  /** The key that asks for it. */
  readonly path: string
  readonly remedy: string
}

/** Loads a package and takes a factory of it. Rejects with a `ConfigError` that says what to do. */
export async function factoryOf<F>(host: ConfigHost, { specifier, name, path, remedy }: Wanted): Promise<F> {
  const missing = (reason: string): ConfigError =>
    new ConfigError([{ code: 'missing_package', path, message: `${specifier} ${reason}; ${remedy}` }])
  let module: unknown
  try {
    module = await host.import(specifier)
  } catch (error) {
    throw missing(`could not be loaded (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`)
  }
  const factory = (module as Readonly<Record<string, unknown>> | null)?.[name]
  if (typeof factory !== 'function') throw missing(`does not export ${name}()`)
  return factory as F
}
