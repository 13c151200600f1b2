import { FetchError } from '../net/fetcher.ts'
import { placesOf } from '../schemas/candidates.ts'
import type { DocumentFetcher } from '../net/guarded.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { Whereabouts } from '../schemas/candidates.ts'

/** The instance, and the means. */
interface Look extends Pick<Whereabouts, 'own' | 'scope'> {
  readonly fetcher: DocumentFetcher
  readonly maxBytes: number
  readonly signal: AbortSignal
}

/**
 * What the health path of an instance says that serves no manifest; `undefined` when it is well. Only a path that its manifest names counts: any answer
 * at all shows that somebody is there, but not who.
 */
export async function healthFailure(manifest: Manifest, { own, scope, fetcher, maxBytes, signal }: Look): Promise<FetchError | undefined> {
  const { health } = manifest.endpoints
  const place = health === undefined ? undefined : placesOf(health, { own, scope }, [])[0]
  if (place === undefined) return undefined
  try {
    await fetcher.fetch({ url: place.url, scope, maxBytes, accept: '*/*', signal })
    return undefined
  } catch (thrown) {
    if (thrown instanceof FetchError) return thrown
    throw thrown
  }
}
