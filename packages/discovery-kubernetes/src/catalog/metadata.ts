import { field, spellingOf, textsOf } from '@octopus-gateway/discovery-support'

export type Metadata = ReadonlyMap<string, string>

/** Longer values are no metadata of a service; a whole manifest may be one. Characters. */
const LONGEST_VALUE = 65_536
/** Tags of services that register through Forge. */
const FORGE_TAGS = 'discovery.forge.xraph.io/tags'

/**
 * Annotations and labels of an object, as far as they are about the service: what other programs write under domains of their own
 * (`kubectl.kubernetes.io/last-applied-configuration`, with a whole copy of the object) is left out. An annotation comes before a label of the same name.
 */
export function metadataOf(object: unknown): Metadata {
  const metadata = field(object, 'metadata')
  const all = new Map([...textsOf(field(metadata, 'labels')), ...textsOf(field(metadata, 'annotations'))])
  const found = new Map([...all].filter(([key, value]) => isAboutService(key) && value.length <= LONGEST_VALUE))
  const tags = all.get(FORGE_TAGS)
  if (tags !== undefined && !found.has('tags')) found.set('tags', tags)
  return found
}

function isAboutService(key: string): boolean {
  return !key.includes('/') || key.startsWith('farp.io/') || key.startsWith('app.kubernetes.io/')
}

/** The value of a key in any of its spellings: letter case, `_`, `-` and `/` do not matter, and `farp.io.` means `farp.`. */
export function valueOf(metadata: Metadata, name: string): string | undefined {
  const exact = metadata.get(name)
  if (exact !== undefined) return exact
  for (const [key, value] of metadata) {
    if (spellingOf(key).replace(/^farp\.io\./, 'farp.') === name) return value
  }
  return undefined
}

/** The first of these that says something under one of the names. */
export function firstOf(sources: readonly Metadata[], names: readonly string[]): string | undefined {
  for (const source of sources) {
    for (const name of names) {
      const value = valueOf(source, name)
      if (value !== undefined && value !== '') return value
    }
  }
  return undefined
}
