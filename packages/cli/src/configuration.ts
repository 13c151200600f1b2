import { ConfigError, type Gateway } from '@octopus-gateway/core'
import { existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { loadConfig, type ConfigHost, type LoadedConfig } from '@octopus-gateway/config'
import { importFrom } from './import-from.ts'
import { usageError, type Arguments, type OptionSpec } from './arguments.ts'
import type { Io } from './io.ts'

/** The option that names configuration files. */
export const CONFIG: OptionSpec = {
  type: 'string',
  short: 'c',
  multiple: true,
  value: 'FILE',
  description: 'A YAML file, or a directory of them. Repeat it to lay files over each other.',
}

export const HELP: OptionSpec = { type: 'boolean', short: 'h', description: 'Show this help.' }

// Names that are known at build time can be bundled; others are looked up at run time.
const PACKAGES: Readonly<Record<string, () => Promise<unknown>>> = {
  '@octopus-gateway/farp': () => import('@octopus-gateway/farp'),
  '@octopus-gateway/plugins-jwt': () => import('@octopus-gateway/plugins-jwt'),
}

/** The files and directories that the arguments name. Without one, says which file is lying about. */
export function configPaths(args: Arguments, io: Io): string[] {
  const paths = args.options.config ?? []
  if (paths.length === 0)
    throw usageError(`--config FILE is missing${candidates(args, io)}\nUsage: ${usage(args)} FILE [--config FILE...]`, args.command)
  return paths.map((path) => (isAbsolute(path) || io.cwd === process.cwd() ? path : join(io.cwd, path)))
}

/** Loads the configuration that the arguments name. */
export async function configurationOf(args: Arguments, io: Io, host: Partial<ConfigHost> = {}): Promise<LoadedConfig> {
  return loadConfig(configPaths(args, io), { env: io.env, isTerminal: io.isTerminal, import: importModule, ...host })
}

/** Imports a package or a module, those of the program itself first. */
export function importModule(specifier: string, from?: string): Promise<unknown> {
  return PACKAGES[specifier]?.() ?? importFrom(specifier, from)
}

function usage({ command }: Arguments): string {
  return command === undefined ? 'octopus --config' : `octopus ${command} --config`
}

function candidates(args: Arguments, io: Io): string {
  const found = ['octopus.yaml', 'config.yaml'].find((name) => existsSync(join(io.cwd, name)))
  if (found === undefined) return '; "octopus init" writes a file to start from'
  return `; ${found} is here: ${usage(args)} ${found}`
}

/** Waits until a gateway serves. What it refuses in its options is told with its place in the files. */
export async function readyOf(gateway: Gateway, config: LoadedConfig): Promise<void> {
  try {
    await gateway.ready
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigError(error.issues.map((issue) => config.locate(issue))) : error
  }
}
