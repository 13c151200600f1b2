import { createHash } from 'node:crypto'

/** An entry as it is kept. */
export interface KeptEntry {
  readonly key: string
  readonly value: string
  /** Unix milliseconds; absent: it stays. */
  readonly expires: number | undefined
}

/** The file of a key. A digest: keys are longer than file names, and may have letters that a file system does not tell apart. */
export function nameOf(key: string): string {
  return `${createHash('sha256').update(key).digest('hex')}.json`
}

/** Whether a name is one that a write is given before it is whole. */
export function isStray(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.tmp')
}

/** What stands in the file. */
export function kept({ key, value, expires }: KeptEntry): string {
  return `${JSON.stringify({ octopusStore: 1, key, value, ...(expires === undefined ? {} : { expires }) })}\n`
}

/** The entry in a file, or `undefined` when the file is cut short or was not written by a store. */
export function parseKept(text: string, name: string): KeptEntry | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined
  const { octopusStore, key, value, expires } = parsed as Readonly<Record<string, unknown>>
  if (octopusStore !== 1 || typeof key !== 'string' || typeof value !== 'string') return undefined
  if (expires !== undefined && typeof expires !== 'number') return undefined
  // A copy under another name would be an entry that cannot be deleted.
  return nameOf(key) === name ? { key, value, expires } : undefined
}
