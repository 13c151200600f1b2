import { dirname, extname, resolve } from 'node:path'
import { isFactory, isPlugin, type Factory } from './factory.ts'
import { nearest } from '../report/suggest.ts'
import { pathToFileURL } from 'node:url'
import { stat } from 'node:fs/promises'
import type { ConfigHost } from '../options.ts'
import type { Plugin } from '@octopus-gateway/core'

interface Known {
  readonly specifier: string
  readonly export: string
  /** Options that may name a file. */
  readonly files: readonly string[]
}

/** Names that stand for packages. */
const KNOWN: ReadonlyMap<string, Known> = new Map([
  ['jwt-auth', { specifier: '@octopus-gateway/plugins-jwt', export: 'jwt', files: ['publicKey'] }],
])

function knownAs(name: string): Known | undefined {
  return KNOWN.get(name.replaceAll('_', '-'))
}

/** The options of a plugin that may name a file, as code calls them: a relative path starts at the configuration, as everywhere in it. */
export function fileOptions({ name, path }: Pick<Wanted, 'name' | 'path'>): readonly string[] {
  return path === undefined ? (knownAs(name)?.files ?? []) : []
}

const LATER = [
  'oidc',
  'rate-limiter',
  'redis-cache',
  'kafka',
  'kafka-producer',
  'metrics-exporter',
  'influxdb',
  'datadog',
  'prometheus',
  'otel',
]
const NATIVE = ['.so', '.dylib', '.dll', '.node']
const TYPESCRIPT = ['.ts', '.mts', '.cts', '.tsx']
/** What npm takes as a name: nothing that could be a file or a built-in module with its scheme. */
const PACKAGE = /^(?:@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*$/

/** An item of `plugins` as far as it says what to load. */
export interface Wanted {
  readonly name: string
  readonly path?: string | undefined
  /** The configuration file that it is written in. */
  readonly file: string
}

/** What a module exports: a factory, or a plugin that is made already. */
export type Exported = { readonly factory: Factory } | { readonly plugin: Plugin }

/** Why it cannot be loaded: at which key, and what to do. */
export interface Unloadable {
  readonly code: string
  readonly key: 'name' | 'path'
  readonly message: string
}

/** Loads what an item of `plugins` names. */
export async function loadModule(wanted: Wanted, host: ConfigHost): Promise<Exported | Unloadable> {
  return wanted.path === undefined ? fromPackage(wanted, host) : fromFile({ ...wanted, path: wanted.path }, host)
}

async function fromFile({ name, path, file }: Wanted & { readonly path: string }, host: ConfigHost): Promise<Exported | Unloadable> {
  const failed = (code: string, message: string): Unloadable => ({ code, key: 'path', message })
  const extension = extname(path).toLowerCase()
  if (NATIVE.includes(extension)) {
    const known = knownAs(name) !== undefined ? `; remove path: ${name} comes with the gateway; or` : ';'
    return failed(
      'native_plugin',
      `is a native library (${extension}), and native plugins are not supported${known} write a JavaScript module whose default export is made with definePlugin, and name it here: path: ./${name}.js`,
    )
  }
  if (TYPESCRIPT.includes(extension)) return failed('invalid_value', 'is TypeScript; compile it, and name the JavaScript file')
  const found = resolve(dirname(file), path)
  try {
    if (!(await stat(found)).isFile()) return failed('unreadable_file', 'is not a file; name the module itself')
  } catch {
    return failed('unreadable_file', `there is no file ${found}; a relative path starts at ${dirname(resolve(file))}`)
  }
  const module = await tryImport(() => host.import(pathToFileURL(found).href, file))
  if ('failure' in module) return failed('plugin_failed', `the module could not be loaded (${module.failure})`)
  return exportOf(module.exports, ['default', 'plugin']) ?? failed('plugin_failed', NO_EXPORT)
}

const NO_EXPORT = 'the module exports no plugin; make its default export, or an export named plugin, with definePlugin'

async function fromPackage({ name, file }: Wanted, host: ConfigHost): Promise<Exported | Unloadable> {
  const failed = (code: string, message: string): Unloadable => ({ code, key: 'name', message })
  const known = knownAs(name)
  if (known === undefined && LATER.includes(name.replaceAll('_', '-'))) {
    return failed('not_available', `${JSON.stringify(name)} is not available yet; remove it, or name a module of your own with path`)
  }
  const near = known === undefined ? nearest(name, [...KNOWN.keys(), ...LATER]) : undefined
  const meant = near === undefined ? '' : `did you mean ${near}? Otherwise `
  if (known === undefined && !PACKAGE.test(name)) {
    return failed('unknown_plugin', `there is no plugin ${JSON.stringify(name)}; ${meant}name the module with path`)
  }
  const specifier = known?.specifier ?? name
  const module = await tryImport(() => host.import(specifier, file))
  if ('failure' in module) {
    return failed(
      'missing_package',
      `the package ${specifier} could not be loaded (${module.failure}); ${meant}install it, or name a module with path`,
    )
  }
  const found = exportOf(module.exports, known === undefined ? ['default', 'plugin'] : [known.export])
  return (
    found ??
    failed(
      'plugin_failed',
      known === undefined ? `${specifier}: ${NO_EXPORT}` : `${specifier} does not export ${known.export}(); update it`,
    )
  )
}

async function tryImport(run: () => Promise<unknown>): Promise<{ readonly exports: unknown } | { readonly failure: string }> {
  try {
    return { exports: await run() }
  } catch (error) {
    return { failure: (error instanceof Error ? error.message : String(error)).split('\n')[0]!.replace(/ imported from .*$/, '') }
  }
}

function exportOf(module: unknown, names: readonly string[]): Exported | undefined {
  for (const name of names) {
    const value = (module as Readonly<Record<string, unknown>> | null)?.[name]
    if (isFactory(value)) return { factory: value }
    if (isPlugin(value)) return { plugin: value }
  }
  return undefined
}
