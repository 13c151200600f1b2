import { finding } from '../findings.ts'
import { FetchError } from '../net/fetcher.ts'
import { SchemaError } from './parse.ts'
import { candidatesOf } from './candidates.ts'
import { isHashOf } from './canonical.ts'
import type { Candidate, Whereabouts } from './candidates.ts'
import type { Finding } from '@octopus-gateway/core'
import type { DocumentFetcher, FetchedDocument } from '../net/guarded.ts'
import type { Limits } from '../limits.ts'
import type { SchemaCache, SchemaContent } from './content.ts'
import type { SchemaDescriptor } from '../manifest/manifest.ts'

/** What a mismatch between a schema and its declared hash means: nothing, a finding, or that the schema is not used. */
export type HashPolicy = 'off' | 'warn' | 'enforce'

/** A schema in use, with what it takes to ask whether it changed. */
export interface LoadedSchema {
  readonly content: SchemaContent
  /** The hash the descriptor declared, and whether the content fulfils it. */
  readonly declared: string | undefined
  readonly isVerified: boolean
  readonly url: string | undefined
  readonly etag: string | undefined
  /** When it was last seen to be current: Unix milliseconds. */
  readonly seenAt: number
}

/** What loading needs. */
export interface LoadContext extends Whereabouts {
  readonly fetcher: DocumentFetcher
  readonly cache: SchemaCache
  readonly limits: Limits
  readonly policy: HashPolicy
  /** Milliseconds for which an unreachable schema counts as fresh. */
  readonly ttl: number
  /** The last good schema of this instance. */
  readonly previous: LoadedSchema | undefined
  readonly signal: AbortSignal
}

/** A schema, or the last good one, and what happened on the way. */
export interface LoadResult {
  readonly loaded: LoadedSchema | undefined
  readonly findings: readonly Finding[]
}

const ACCEPT = 'application/json, application/yaml;q=0.9, */*;q=0.1'

/** Gets a schema: from its place, from the places where the instance should have it, from what is known. Never throws for what a peer does. */
export async function loadSchema(descriptor: SchemaDescriptor, context: LoadContext): Promise<LoadResult> {
  const { previous } = context
  const known = descriptor.hash === undefined ? undefined : knownContent(descriptor.hash, context)
  if (known !== undefined) return { loaded: known, findings: [] }
  const findings: Finding[] = []
  const { location } = descriptor
  if (location.type === 'inline') {
    const loaded = tried(() => settle(context.cache.fromValue(location.schema), { descriptor, context, findings }), findings)
    if (loaded !== undefined) return { loaded, findings }
  } else {
    const loaded = await loadRemote(descriptor, context, findings)
    if (loaded !== undefined) return { loaded, findings }
  }
  if (previous === undefined) {
    if (findings.every(({ severity }) => severity !== 'error'))
      findings.push(finding('SCHEMA_UNAVAILABLE', 'the OpenAPI document could not be had'))
    return { loaded: undefined, findings }
  }
  const isFresh = Date.now() - previous.seenAt <= context.ttl
  findings.push(
    isFresh
      ? finding('SCHEMA_FALLBACK', 'the last good OpenAPI document is used')
      : finding('SCHEMA_STALE', 'the last good OpenAPI document is used; it has not been confirmed for longer than farp.schema_cache_ttl'),
  )
  return { loaded: previous, findings }
}

function knownContent(hash: string, { cache, previous }: LoadContext): LoadedSchema | undefined {
  if (previous?.declared === hash && previous.isVerified) return { ...previous, seenAt: Date.now() }
  const content = cache.verified(hash)
  return content === undefined
    ? undefined
    : { content, declared: hash, isVerified: true, url: undefined, etag: undefined, seenAt: Date.now() }
}

async function loadRemote(descriptor: SchemaDescriptor, context: LoadContext, findings: Finding[]): Promise<LoadedSchema | undefined> {
  const dead = new Set<string>()
  const failures: string[] = []
  const { candidates, findings: noted } = candidatesOf(descriptor, context)
  findings.push(...noted)
  for (const [index, candidate] of candidates.entries()) {
    if (dead.has(candidate.url.host)) continue
    const answer = await fetchCandidate(candidate, context)
    if (answer instanceof FetchError) {
      if (answer.kind === 'blocked') findings.push(finding('ADDRESS_BLOCKED', `${shown(candidate.url)} is not fetched: ${answer.message}`))
      // The other places on a host that does not answer would only cost time.
      if (answer.kind === 'refused' || answer.kind === 'timeout') dead.add(candidate.url.host)
      failures.push(`${shown(candidate.url)}: ${answer.message}`)
      continue
    }
    const loaded = tried(() => accept(answer, candidate, { descriptor, context, findings }), findings)
    if (loaded === undefined) continue
    if (index > 0)
      findings.push(finding('SCHEMA_FALLBACK', `the OpenAPI document was read from ${shown(candidate.url)} (${candidate.why})`))
    return loaded
  }
  if (failures.length > 0) findings.push(finding('SCHEMA_UNAVAILABLE', `the OpenAPI document could not be fetched: ${failures.join('; ')}`))
  return undefined
}

async function fetchCandidate(candidate: Candidate, context: LoadContext): Promise<FetchedDocument | FetchError> {
  const { fetcher, scope, limits, previous, signal } = context
  const etag = previous?.url === candidate.url.href ? previous.etag : undefined
  try {
    return await fetcher.fetch({
      url: candidate.url,
      scope,
      maxBytes: limits.schemaBytes,
      accept: ACCEPT,
      headers: candidate.headers,
      ...(etag === undefined ? {} : { etag }),
      signal,
    })
  } catch (thrown) {
    if (thrown instanceof FetchError) return thrown
    throw thrown
  }
}

interface Acceptance {
  readonly descriptor: SchemaDescriptor
  readonly context: LoadContext
  readonly findings: Finding[]
  readonly bytes?: Uint8Array
}

function accept(answer: FetchedDocument, candidate: Candidate, to: Acceptance): LoadedSchema | undefined {
  const { previous, cache } = to.context
  const url = candidate.url.href
  const isSame = answer.status === 304 && previous !== undefined
  const content = isSame ? previous.content : cache.fromBytes(answer.body)
  const loaded = settle(content, isSame ? to : { ...to, bytes: answer.body })
  return loaded === undefined ? undefined : { ...loaded, url, etag: answer.etag ?? (isSame ? previous.etag : undefined) }
}

/** Verifies before anything is routed. `undefined` when the policy forbids the content. */
function settle(content: SchemaContent, { descriptor, context, findings, bytes }: Acceptance): LoadedSchema | undefined {
  const { hash } = descriptor
  const { previous } = context
  // Hashing a large document in every known way takes long; a document that did not change needs it once.
  const isKnown = previous?.content === content && previous.declared === hash
  const isRight = isKnown
    ? previous.isVerified
    : hash !== undefined && isHashOf(hash, { value: content.document, ...(bytes === undefined ? {} : { bytes }) })
  if (isRight && hash !== undefined) context.cache.remember(hash, content, bytes?.length ?? 1024)
  else if (hash !== undefined && context.policy !== 'off') {
    const isRefused = context.policy === 'enforce'
    findings.push({
      ...finding(
        'HASH_MISMATCH',
        `the OpenAPI document has the hash ${content.hash}, but ${hash} is declared${isRefused ? '; it is not used' : ''}`,
      ),
      severity: isRefused ? 'error' : 'warning',
    })
    if (isRefused) return undefined
  }
  return { content, declared: hash, isVerified: isRight, url: undefined, etag: undefined, seenAt: Date.now() }
}

function tried<T>(work: () => T, findings: Finding[]): T | undefined {
  try {
    return work()
  } catch (thrown) {
    if (!(thrown instanceof SchemaError)) throw thrown
    findings.push(finding('SCHEMA_INVALID', `the OpenAPI document cannot be used: ${thrown.message}`))
    return undefined
  }
}

/** Without query: it may hold a token. */
function shown(url: URL): string {
  return url.origin + url.pathname
}
