import { readFile } from 'node:fs/promises'

/** A file that access depends on. Throws an `Error` with its name and what to do. */
export async function read(path: string, remedy: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (thrown) {
    throw new Error(`${path} cannot be read (${(thrown as NodeJS.ErrnoException).code ?? 'unknown'}); ${remedy}.`, { cause: thrown })
  }
}
