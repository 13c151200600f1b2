import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** The same for the same text. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** The digest of what is in a file; empty for what cannot be read. */
export async function contentOf(file: string): Promise<string> {
  try {
    return digestOf(await readFile(file, 'utf8'))
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === undefined) throw thrown
    return ''
  }
}
