import { Outage } from './outage.ts'
import { readFile } from 'node:fs/promises'
import type { Place } from './http.ts'
import type { Settings } from './options.ts'

/** The members of a configuration. Reads the files of `tls` anew. Rejects with an `Outage` when that fails. */
export async function placesOf({ endpoints, tls }: Settings): Promise<readonly Place[]> {
  const secure = {
    rejectUnauthorized: tls?.verify ?? true,
    ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
    ...(tls?.ca === undefined ? {} : { ca: await pemOf(tls.ca, 'tls.ca') }),
    ...(tls?.cert === undefined ? {} : { cert: await pemOf(tls.cert, 'tls.cert') }),
    ...(tls?.key === undefined ? {} : { key: await pemOf(tls.key, 'tls.key') }),
  }
  return endpoints.map((origin) => ({ origin, tls: origin.startsWith('https:') ? secure : null }))
}

async function pemOf(value: string, name: string): Promise<string> {
  if (value.includes('-----BEGIN')) return value
  try {
    return await readFile(value, 'utf8')
  } catch (error) {
    // The value is not repeated: it may be a key in another form.
    throw new Outage(`The file of ${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`, { cause: error })
  }
}
