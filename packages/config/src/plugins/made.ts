import { hiddenIn } from './hidden.ts'
import { judge } from './validate.ts'
import type { Factory } from './factory.ts'
import { createHash } from 'node:crypto'
import { dirname, isAbsolute, resolve } from 'node:path'
import { readFile } from 'node:fs/promises'
import { isPemText } from '../pem/read.ts'
import { camelKey } from './keys.ts'
import { fileOptions, loadModule } from './module.ts'
import { nodeAt, type Node, type Path } from '../tree/node.ts'
import type { AuthProvider } from '@octopus-gateway/core/plugins'
import type { ConfigHost } from '../options.ts'
import type { Draft } from '../check/draft.ts'
import type { Plugin } from '@octopus-gateway/core'
import type { Problem } from '../report/issues.ts'

/** What plugins are made with. */
export interface Workshop {
  readonly root: Node
  readonly host: ConfigHost
}

/** A plugin of the configuration. */
export interface Made {
  readonly at: Path
  /** As it is called in the configuration. */
  readonly name: string
  readonly plugin: Plugin
  /** Set when it can tell who a caller is. */
  readonly provider: Provider | undefined
}

/** What serves `auth`. */
export interface Provider {
  readonly asked: AuthProvider
  /** What a plugin that stands alone calls itself, not knowing how it is called in the configuration. */
  readonly aloneName: string
}

type DraftPlugin = NonNullable<NonNullable<Draft['plugins']>[number]>

/** Makes one item of `plugins`, or says what is wrong with it. */
export async function makePlugin(
  item: DraftPlugin & { readonly name: string },
  at: Path,
  { root, host }: Workshop,
): Promise<Made | readonly Problem[]> {
  const { name, path } = item
  const file = (nodeAt(root, [...at, path === undefined ? 'name' : 'path']) ?? root).at.file
  const exported = await loadModule({ name, path, file }, host)
  if ('code' in exported) return [{ code: exported.code, path: [...at, exported.key], message: exported.message }]
  const names = fileOptions(item as { readonly name: string })
  const options = withPaths(item.config ?? {}, { names, at: [...at, 'config'], root })
  if ('plugin' in exported) {
    if (Object.keys(options).length === 0) return { at, name, plugin: exported.plugin, provider: undefined }
    const message = 'the module exports a plugin that is made already and takes no config; export the factory instead, or remove config'
    return [{ code: 'conflicting_keys', path: [...at, 'config'], message }]
  }
  const { factory } = exported
  const place = [...at, 'config']
  const judged = await judge(factory.config, { at: place, options, root, isRaw: true })
  if (judged.problems.length > 0) return judged.problems
  const contents = await contentsOf(options, names, host)
  try {
    const provider = providerOf(factory, judged.options, name)
    return {
      at,
      name,
      plugin: withContents(factory(judged.options), contents),
      provider: provider === undefined ? undefined : { ...provider, asked: withContents(provider.asked, contents) },
    }
  } catch (error) {
    const reason = hiddenIn(root, at)(error instanceof Error ? error.message : String(error))
    return [{ code: 'plugin_failed', path: at, message: `the plugin could not be made: ${reason}` }]
  }
}

/** Options with absolute paths in the place of relative ones. */
function withPaths(
  options: Readonly<Record<string, unknown>>,
  { names, at, root }: { readonly names: readonly string[]; readonly at: Path; readonly root: Node },
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => {
      if (typeof value !== 'string' || value === '' || isPemText(value) || !names.includes(camelKey(key))) return [key, value]
      return [key, resolve(dirname((nodeAt(root, [...at, key]) ?? root).at.file), value)]
    }),
  )
}

/** Digests of the files that options name. A file that cannot be read is left to the plugin, which says so. */
async function contentsOf(
  options: Readonly<Record<string, unknown>>,
  names: readonly string[],
  host: ConfigHost,
): Promise<readonly string[]> {
  const digests: string[] = []
  for (const [key, value] of Object.entries(options)) {
    if (typeof value !== 'string' || !isAbsolute(value) || !names.includes(camelKey(key))) continue
    try {
      const text = await readFile(value, 'utf8')
      host.onRead?.(value, text)
      digests.push(createHash('sha256').update(text).digest('base64url'))
    } catch (error) {
      if ((error as { readonly code?: string }).code === undefined) throw error
    }
  }
  return digests
}

/** Another key in the same file makes another plugin of it: the earlier one has read the earlier key. */
function withContents<T extends { readonly identity: Plugin['identity'] }>(made: T, contents: readonly string[]): T {
  return contents.length === 0 ? made : { ...made, identity: { ...made.identity, contents } }
}

function providerOf(factory: Factory, options: unknown, name: string): Provider | undefined {
  if (factory.provider === undefined) return undefined
  return { asked: factory.provider(options, name), aloneName: factory.provider(options).name }
}
