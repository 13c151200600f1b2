import type { ConfigHost, LoadedConfig } from '../options.ts'
import { ConfigError, type ConfigIssue, type RouteSource } from '@octopus-gateway/core'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { loadConfig } from '../load.ts'
import { tmpdir } from 'node:os'

/** What a test load came to. Paths of issues are relative to the folder of the test. */
export interface Outcome {
  readonly config: LoadedConfig | undefined
  readonly issues: readonly ConfigIssue[]
  /** What `farp()` was called with, if it was. */
  readonly farp: Readonly<Record<string, unknown>> | undefined
}

/** Files by name, or the text of one. */
export type Files = string | Readonly<Record<string, string>>

/** Writes files to a folder of their own, loads them in the given order, and removes them. */
export async function load(
  files: Files,
  how: { readonly host?: Partial<ConfigHost>; readonly paths?: readonly string[] } = {},
): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-config-'))
  let farp: Readonly<Record<string, unknown>> | undefined
  const module = {
    farp(options: Readonly<Record<string, unknown>>): RouteSource {
      farp = options
      return { name: 'farp', async *watch() {} }
    },
  }
  try {
    const all = typeof files === 'string' ? { 'octopus.yaml': files } : files
    for (const [name, text] of Object.entries(all)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
    const paths = (how.paths ?? Object.keys(all)).map((path) => join(folder, path))
    const config = await loadConfig(paths, { env: {}, import: (specifier) => importFor(specifier, module), ...how.host })
    return { config, issues: [], farp }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return {
      config: undefined,
      issues: error.issues.map((issue) => ({ ...issue, message: issue.message.replaceAll(folder, ''), ...relative(issue, folder) })),
      farp,
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

function importFor(specifier: string, farp: object): Promise<unknown> {
  if (specifier === '@octopus-gateway/farp') return Promise.resolve(farp)
  if (specifier === '@octopus-gateway/plugins-jwt') return import('@octopus-gateway/plugins-jwt')
  return specifier.startsWith('file:') ? import(specifier) : Promise.reject(new Error(`Cannot find package '${specifier}'`))
}

function relative(issue: ConfigIssue, folder: string): { readonly source?: string } {
  return issue.source === undefined ? {} : { source: issue.source.replace(`${folder}/`, '') }
}

/** Loads what must be valid. */
export async function valid(files: Files, how: Parameters<typeof load>[1] = {}): Promise<LoadedConfig> {
  const { config, issues } = await load(files, how)
  if (config === undefined) throw new Error(issues.map((issue) => `${issue.source}: ${issue.path}: ${issue.message}`).join('\n'))
  return config
}

/** Loads what must not be valid, and gives `code path` of each issue. */
export async function codes(files: Files, how: Parameters<typeof load>[1] = {}): Promise<string[]> {
  return (await load(files, how)).issues.map((issue) => `${issue.code} ${issue.path}`)
}
