import { ConfigError, type ConfigIssue } from '@octopus-gateway/core'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConfigHost, SourceFile } from './options.ts'

/**
 * Reads files, and the `*.yaml` and `*.yml` files of directories by name; what is given with its text is not read again. Throws a `ConfigError` that
 * names every path that cannot be read.
 */
export async function readSources(paths: readonly (string | SourceFile)[], host: Pick<ConfigHost, 'onRead'> = {}): Promise<SourceFile[]> {
  const issues: ConfigIssue[] = []
  const sources: SourceFile[] = []
  for (const path of paths) {
    if (typeof path !== 'string') {
      sources.push(path)
      continue
    }
    try {
      for (const name of await filesOf(path)) {
        const text = await readFile(name, 'utf8')
        host.onRead?.(name, text)
        sources.push({ name, text })
      }
    } catch (error) {
      issues.push(unreadable(path, error))
    }
  }
  if (issues.length > 0) throw new ConfigError(issues)
  return sources
}

async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const names = (await readdir(path)).filter((name) => /\.ya?ml$/.test(name)).sort()
  if (names.length === 0) throw new Error('the directory holds no .yaml or .yml file')
  return names.map((name) => join(path, name))
}

function unreadable(path: string, error: unknown): ConfigIssue {
  const code = (error as { readonly code?: string }).code
  const why: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file or directory; check the path given with --config',
    EACCES: 'the file may not be read; check its permissions',
  }
  const message =
    (code === undefined ? undefined : why[code]) ?? `cannot be read: ${error instanceof Error ? error.message : String(error)}`
  return { code: 'unreadable_file', path: '', message, source: path }
}
