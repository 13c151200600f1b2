import { FetchError } from '../net/fetcher.ts'
import { finding } from '../findings.ts'
import { placesOf } from '../schemas/candidates.ts'
import type { DocumentFetcher, FetchedDocument } from '../net/guarded.ts'
import type { Finding } from '@octopus-gateway/core'
import type { ParsedManifest } from './parse.ts'
import type { Whereabouts } from '../schemas/candidates.ts'

/** What asking for a manifest needs. */
export interface ManifestRequest extends Pick<Whereabouts, 'own' | 'scope' | 'metadata'> {
  readonly fetcher: DocumentFetcher
  readonly maxBytes: number
  readonly parse: (content: string | Uint8Array) => ParsedManifest
  readonly signal: AbortSignal
}

/** A manifest and where it was. */
export interface FoundManifest extends ParsedManifest {
  readonly url: string | undefined
}

/** How asking for a manifest ended when it brought none. */
export interface ManifestFailure {
  /** What the instance's own address did, when it was asked: it decides whether anybody is there. */
  readonly own: FetchError | undefined
  readonly findings: readonly Finding[]
}

/**
 * Gets an instance's manifest: from the URL of its metadata, from `/_farp/manifest`, from its metadata itself. Throws `ManifestError` when
 * what it got is no manifest; returns a failure when nothing was to be had.
 */
export async function fetchManifest(request: ManifestRequest): Promise<FoundManifest | ManifestFailure> {
  const { metadata, parse, own } = request
  const notes: Finding[] = []
  const places = ['farp.manifest', '/_farp/manifest'].flatMap((name) => {
    const text = name.startsWith('/') ? name : metadata.get(name)
    return text === undefined ? [] : placesOf(text, request, notes)
  })
  const failures: string[] = []
  let ownFailure: FetchError | undefined
  const asked = new Set<string>()
  for (const { url } of places) {
    const isOwn =
      url.hostname.replace(/^\[(.*)\]$/, '$1') === own.host && Number(url.port || (url.protocol === 'https:' ? 443 : 80)) === own.port
    // Whoever refuses a connection or does not answer will do so again.
    const isUseless = isOwn && ownFailure !== undefined && ownFailure.kind !== 'status'
    if (asked.has(url.href) || isUseless) continue
    asked.add(url.href)
    const answer = await ask(url, request)
    if (!(answer instanceof FetchError)) {
      const parsed = parse(answer.body)
      return { manifest: parsed.manifest, findings: [...notes, ...parsed.findings], url: url.href }
    }
    if (isOwn) ownFailure = answer
    if (answer.kind === 'blocked') notes.push(finding('ADDRESS_BLOCKED', `${url.origin}${url.pathname} is not fetched: ${answer.message}`))
    failures.push(`${url.origin}${url.pathname}: ${answer.message}`)
  }
  const inline = metadata.get('schema.manifest')
  const isThere = ownFailure === undefined || ownFailure.kind === 'status'
  if (inline !== undefined && isThere) {
    const parsed = parse(inline)
    return { manifest: parsed.manifest, findings: [...notes, ...parsed.findings], url: undefined }
  }
  return { own: ownFailure, findings: [...notes, finding('MANIFEST_UNAVAILABLE', `the manifest could not be had: ${failures.join('; ')}`)] }
}

async function ask(url: URL, { fetcher, scope, maxBytes, signal }: ManifestRequest): Promise<FetchedDocument | FetchError> {
  try {
    const answer = await fetcher.fetch({ url, scope, maxBytes, accept: 'application/json', signal })
    // An application that answers every path with its page has no manifest there.
    return /^text\/html\b/i.test(answer.contentType) ? new FetchError('status', 'it answered with an HTML page', { status: 404 }) : answer
  } catch (thrown) {
    if (thrown instanceof FetchError) return thrown
    throw thrown
  }
}
