import { dirname, resolve } from 'node:path'
import { readFile } from 'node:fs/promises'

/** Something in PEM form. */
export interface Pem {
  /** As the listener takes it: the text itself, or the absolute path of its file, which is then watched. */
  readonly source: string
  readonly text: string
}

/** Whether this is the text itself and not the name of a file. */
export function isPemText(value: string): boolean {
  return value.includes('-----BEGIN')
}

// A name is no longer than this; what is longer was meant to be the text.
const LONGEST_NAME = 1024

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read; check its permissions',
  EISDIR: 'is a directory; name the file itself',
}

/** Reads what a key holds. `from` is the file that the key is written in: relative names start there. Otherwise gives what is wrong. */
export async function readPem(
  value: string,
  { from, isShown }: { readonly from: string; readonly isShown: boolean },
): Promise<Pem | string> {
  if (isPemText(value)) return { source: value, text: value }
  if (value.length > LONGEST_NAME || value.includes('\n')) return 'is neither a file nor a text in PEM form, which begins with -----BEGIN'
  const path = resolve(dirname(from), value)
  try {
    return { source: path, text: await readFile(path, 'utf8') }
  } catch (error) {
    const { code = 'unknown' } = error as { readonly code?: string }
    const why = REASONS[code] ?? `cannot be read (${code})`
    // What came out of the environment may be the key itself, given in a form that is not PEM.
    return isShown ? `the file ${path} ${why}; a relative path starts at ${dirname(resolve(from))}` : `the file that it names ${why}`
  }
}
