import { configPaths, configurationOf, importModule } from '../configuration.ts'
import { contentOf, digestOf } from './digest.ts'
import { ModuleReader } from './modules.ts'
import { resolve } from 'node:path'
import { statSync } from 'node:fs'
import type { Arguments } from '../arguments.ts'
import type { Io } from '../io.ts'
import type { LoadedConfig } from '@octopus-gateway/config'
import type { LogLevel } from '@octopus-gateway/core'

/** What to look at for changes. */
export interface Reads {
  /** Every file that was read, by its absolute path: the digest of what was in it. */
  readonly files: ReadonlyMap<string, string>
  /** Folders whose YAML files are read, whichever there are. */
  readonly folders: readonly string[]
}

/** How files are loaded. */
export interface LoaderOptions {
  /** Whether modules of plugins given by path are read again when they change. */
  readonly freshModules: boolean
  /** Where the configuration sets none. */
  readonly logLevel?: LogLevel
}

/** Loads what the command line names, as often as wanted, and remembers which files that took. */
export class Loader {
  readonly #args: Arguments
  readonly #io: Io
  readonly #options: LoaderOptions
  /** A folder stays one while it is away. */
  readonly #folders = new Set<string>()
  #files = new Map<string, string>()

  constructor(args: Arguments, io: Io, options: LoaderOptions) {
    this.#args = args
    this.#io = io
    this.#options = options
  }

  /** What the last load read, successful or not. */
  get reads(): Reads {
    return { files: this.#files, folders: [...this.#folders] }
  }

  async load(): Promise<LoadedConfig> {
    const files = new Map<string, string>()
    const onRead = (file: string, text: string): void => void files.set(resolve(file), digestOf(text))
    const modules = this.#options.freshModules ? new ModuleReader(onRead) : undefined
    const { logLevel } = this.#options
    for (const path of this.#paths()) if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) this.#folders.add(path)
    try {
      return await configurationOf(this.#args, this.#io, {
        onRead,
        import: (specifier, from) => modules?.import(specifier) ?? importModule(specifier, from),
        ...(logLevel === undefined ? {} : { logLevel }),
      })
    } catch (thrown) {
      await this.#addUnread(files)
      throw thrown
    } finally {
      this.#files = files
    }
  }

  /** A load that ended early did not come to every file, and each of them can be what makes the next one succeed. */
  async #addUnread(files: Map<string, string>): Promise<void> {
    const named = this.#paths().filter((path) => !this.#folders.has(path))
    for (const file of [...this.#files.keys(), ...named]) if (!files.has(file)) files.set(file, await contentOf(file))
  }

  #paths(): string[] {
    return configPaths(this.#args, this.#io).map((path) => resolve(path))
  }
}
