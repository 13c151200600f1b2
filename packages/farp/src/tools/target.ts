import { addressOf, originOf } from '../address.ts'
import { documentFetcher } from '../net/guarded.ts'
import { settingsOf } from '../options.ts'
import { Turns } from '../net/turns.ts'
import type { Address } from '../address.ts'
import type { FarpOptions } from '../options.ts'

/** A service that a person names by URL. */
export interface Target {
  readonly address: Address
  /** Absent when only the service's origin was given. */
  readonly manifestUrl: URL | undefined
}

/** Reads the URL of a service or of its manifest. Throws `TypeError`. */
export function targetOf(text: string): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const address = url === undefined ? undefined : addressOf(url)
  if (url === undefined || address === undefined || url.username !== '' || url.password !== '')
    throw new TypeError(`"${text}" is not an http or https URL without credentials, such as http://127.0.0.1:8080`)
  return { address, manifestUrl: url.pathname === '/' && url.search === '' ? undefined : url }
}

/**
 * Fetches a manifest as a gateway would, within the same limits and under the same rules for redirects. `url` is the manifest's own, or the
 * service's origin. Throws `TypeError` for another URL; rejects with a `FetchError`.
 */
export async function fetchManifestBytes(url: string, options: FarpOptions = {}): Promise<Uint8Array> {
  const { address, manifestUrl } = targetOf(url)
  const { limits, fetcher, allowedHosts, requireHttps } = settingsOf(options)
  const { body } = await documentFetcher(fetcher, limits, new Turns(1, 1)).fetch({
    url: manifestUrl ?? new URL('/_farp/manifest', originOf(address)),
    scope: { registered: [address], service: address.host, allowedHosts, requireHttps },
    maxBytes: limits.manifestBytes,
    accept: 'application/json',
    signal: new AbortController().signal,
  })
  return body
}
