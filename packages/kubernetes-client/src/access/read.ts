import { Outage } from '@octopus-gateway/discovery-support'
import { readFile } from 'node:fs/promises'

/** A file that access depends on. Rejects with an `Outage` with its name and what to do. */
export async function read(path: string, remedy: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (thrown) {
    throw new Outage(`${path} cannot be read (${(thrown as NodeJS.ErrnoException).code ?? 'unknown'}); ${remedy}.`, { cause: thrown })
  }
}
