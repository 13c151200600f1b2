import * as v from 'valibot'
import { Outage } from './outage.ts'
import { readFile } from 'node:fs/promises'
import { text } from './options.ts'
import type { SecureContextOptions } from 'node:tls'

/** TLS towards a registry, as an option. */
export interface TlsOptions {
  /** The certificates that are trusted instead of those of the system: a file, or the text in PEM form. */
  readonly ca?: string | undefined
  /** The certificate that the gateway shows: a file, or the text in PEM form. Only together with `key`. */
  readonly cert?: string | undefined
  /** The private key of `cert`: a file, or the text in PEM form. */
  readonly key?: string | undefined
  /** The name that is expected in the certificate. Default: the host of the address. */
  readonly serverName?: string | undefined
  /** Whether the certificate and the name in it must be right. Default true. With `false`, anybody on the way can read credentials and answer. */
  readonly verify?: boolean | undefined
}

/** The schema of `TlsOptions`. */
export const tlsOptions = v.pipe(
  v.strictObject({
    ca: v.optional(text),
    cert: v.optional(text),
    key: v.optional(text),
    serverName: v.optional(text),
    verify: v.optional(v.boolean(), true),
  }),
  v.check(({ cert, key }) => (cert === undefined) === (key === undefined), 'cert and key belong together; give both'),
)

/** What connections need. */
export type TlsContext = SecureContextOptions & { readonly servername?: string; readonly rejectUnauthorized?: boolean }

/** Reads the files of the option anew. Rejects with an `Outage` when that fails. */
export async function tlsContext(tls: TlsOptions | undefined): Promise<TlsContext> {
  return {
    rejectUnauthorized: tls?.verify ?? true,
    ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
    ...(tls?.ca === undefined ? {} : { ca: await pemOf(tls.ca, 'tls.ca') }),
    ...(tls?.cert === undefined ? {} : { cert: await pemOf(tls.cert, 'tls.cert') }),
    ...(tls?.key === undefined ? {} : { key: await pemOf(tls.key, 'tls.key') }),
  }
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
