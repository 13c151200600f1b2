import { finding } from '../findings.ts'
import { FetchError } from '../net/fetcher.ts'
import { adapterOf } from '../adapters/index.ts'
import { SchemaError } from './parse.ts'
import { introspectGraphql } from './introspect.ts'
import { isReflected, isReflectedFirst, reflected, reflectionAddresses } from './reflection.ts'
import { originOf } from '../address.ts'
import { decodeUtf8 } from './utf8.ts'
import { candidatesOf, endpointOf } from './candidates.ts'
import { readRegistry } from './registry.ts'
import { ownObject, table } from '../json.ts'
import type { Candidate, Whereabouts } from './candidates.ts'
import type { FetchStatus, Finding, SourceMeter } from '@octopus-gateway/core'
import type { DocumentFetcher, FetchedDocument } from '../net/guarded.ts'
import type { Limits } from '../limits.ts'
import type { SchemaType } from '../adapters/adapter.ts'
import type { SchemaAdapters } from '../adapters/index.ts'
import type { Language, LoadedSchema, SchemaCache, SchemaContent } from './content.ts'
import type { RegistryStore } from './registry.ts'
import type { SchemaDescriptor } from '../manifest/manifest.ts'

/** What a mismatch between a schema and its declared hash means: nothing, a finding, or that the schema is not used. */
export type HashPolicy = 'off' | 'warn' | 'enforce'

/** What loading needs. */
export interface LoadContext extends Whereabouts {
  readonly fetcher: DocumentFetcher
  readonly cache: SchemaCache
  readonly meter: SourceMeter
  readonly adapters: SchemaAdapters
  /** The store of the registry that the instance is from, when it has one. */
  readonly store: RegistryStore | undefined
  /** The service's version: instances of one version help each other out with what they had last. */
  readonly version: string
  readonly limits: Limits
  /** `undefined`: `enforce` for what comes from a registry, `warn` for the rest. */
  readonly policy: HashPolicy | undefined
  /** Milliseconds for which an unreachable schema counts as fresh. */
  readonly ttl: number
  /** What is left for the schemas of this instance: each may be large, but not all of them. */
  readonly budget: { bytes: number }
  /** The last good one of this instance and place in the manifest. */
  readonly previous: LoadedSchema | undefined
  readonly signal: AbortSignal
}

/** A schema, or the last good one, and what happened on the way. */
export interface LoadResult {
  readonly loaded: LoadedSchema | undefined
  readonly findings: readonly Finding[]
}

const ACCEPT = 'application/json, application/yaml;q=0.9, application/graphql;q=0.8, */*;q=0.1'

const NAMES: Readonly<Record<SchemaType, string>> = {
  openapi: 'the OpenAPI document',
  asyncapi: 'the AsyncAPI document',
  grpc: 'the gRPC descriptor set',
  graphql: 'the GraphQL schema',
  orpc: 'the oRPC document',
  thrift: 'the Thrift document',
  avro: 'the Avro document',
  custom: 'the custom schema',
}

/** What messages call a schema of this language. */
export function nameOfSchema(type: SchemaType): string {
  return NAMES[type]
}

/** Gets a schema: from its place, from the places where the instance should have it, from what is known. Never throws for what a peer does. */
export async function loadSchema(descriptor: SchemaDescriptor, context: LoadContext): Promise<LoadResult> {
  const result = await bestSchema(descriptor, context)
  if (result.loaded === undefined) return result
  const { budget, cache, limits } = context
  budget.bytes -= cache.sizeOf(result.loaded.content)
  if (budget.bytes >= 0) return result
  const message = `${NAMES[descriptor.type]} is not used: the schemas of the instance have more than ${limits.schemasBytes} bytes together`
  return { loaded: undefined, findings: [...result.findings, finding('LIMIT_EXCEEDED', message)] }
}

async function bestSchema(descriptor: SchemaDescriptor, context: LoadContext): Promise<LoadResult> {
  const language = { type: descriptor.type, adapter: await adapterOf(descriptor.type, context.adapters) }
  const load: Load = { descriptor, language, context, findings: [], name: NAMES[descriptor.type] }
  const known = knownSchema(load)
  if (known !== undefined) {
    context.meter.schemaCached()
    return { loaded: known, findings: [] }
  }
  const { findings, name } = load
  const loaded = await newSchema(load)
  if (loaded !== undefined) {
    context.cache.keep(shelf(load), loaded)
    return { loaded, findings }
  }
  const previous = context.previous ?? shelved(load)
  if (previous === undefined) {
    if (findings.every(({ severity }) => severity !== 'error')) findings.push(finding('SCHEMA_UNAVAILABLE', `${name} could not be had`))
    return { loaded: undefined, findings }
  }
  const isFresh = Date.now() - previous.seenAt <= context.ttl
  findings.push(
    isFresh
      ? finding('SCHEMA_FALLBACK', `the last good version of ${name} is used`)
      : finding(
          'SCHEMA_STALE',
          `the last good version of ${name} is used; it has not been confirmed for longer than farp.schema_cache_ttl`,
        ),
  )
  return { loaded: previous, findings }
}

/** One schema under way. */
interface Load {
  readonly descriptor: SchemaDescriptor
  readonly language: Language
  readonly context: LoadContext
  readonly findings: Finding[]
  /** For messages. */
  readonly name: string
}

function knownSchema(load: Load): LoadedSchema | undefined {
  const { descriptor, language, context } = load
  const { hash } = descriptor
  if (hash === undefined) return undefined
  const { previous, cache } = context
  if (previous?.declared === hash && previous.isVerified) return tried(() => complete(load, { ...previous, seenAt: Date.now() }), load)
  const content = cache.verified(language.type, hash)
  if (content === undefined) return undefined
  return tried(
    () => complete(load, { content, declared: hash, isVerified: true, url: undefined, etag: undefined, seenAt: Date.now() }),
    load,
  )
}

/** Adds what the content offers by what this manifest says of it. Throws `SchemaError`. */
function complete(load: Load, found: Omit<LoadedSchema, 'adapted' | 'descriptor'>): LoadedSchema {
  const { descriptor, language, context } = load
  const metadata = ownObject(descriptor.metadata, descriptor.type) ?? table()
  const adapted = context.cache.adapted(language, found.content, { metadata, endpoint: endpointOf(descriptor, context) })
  return { ...found, descriptor, adapted }
}

/** Where the last good schema of a service's version is kept, for instances that come later. */
function shelf({ descriptor, context }: Load): string {
  const { location } = descriptor
  const place =
    location.type === 'registry' ? location.path : location.type === 'http' ? location.url.replace(/^[a-z]+:\/\/[^/]*/i, '') : ''
  return JSON.stringify([context.scope.service, context.version, descriptor.type, place])
}

function shelved(load: Load): LoadedSchema | undefined {
  const kept = load.context.cache.kept(shelf(load))
  return kept === undefined ? undefined : tried(() => complete(load, kept), load)
}

async function newSchema(load: Load): Promise<LoadedSchema | undefined> {
  const { location } = load.descriptor
  if (location.type === 'inline') {
    const content = (): LoadedSchema | undefined =>
      settle(load, {
        content: load.context.cache.fromValue(load.language, location.schema),
        value: () => location.schema,
        from: 'elsewhere',
      })
    return tried(content, load) ?? loadRemote(load)
  }
  return (location.type === 'registry' ? await loadRegistered(load, location.path) : undefined) ?? loadRemote(load)
}

async function loadRegistered(load: Load, path: string): Promise<LoadedSchema | undefined> {
  const { context, findings, language, name } = load
  if (context.store === undefined) {
    findings.push(
      finding('NOT_SUPPORTED_YET', `${name} is in a registry, and the one that the instance is from has no store that this gateway reads`),
    )
    return undefined
  }
  try {
    const store = context.store
    const { key, bytes } = await counted(load, () => readRegistry(store, path, context.limits))
    const content = context.cache.fromBytes(language, bytes)
    const loaded = settle(load, { content, value: () => valueOf(bytes, content), bytes, from: 'registry' })
    return loaded === undefined ? undefined : { ...loaded, url: `registry:${key}` }
  } catch (thrown) {
    if (!(thrown instanceof SchemaError || thrown instanceof FetchError)) throw thrown
    const code = thrown instanceof SchemaError ? 'SCHEMA_INVALID' : 'SCHEMA_UNAVAILABLE'
    findings.push(finding(code, `${name} cannot be had from the registry: ${thrown.message}`))
    return undefined
  }
}

async function loadRemote(load: Load): Promise<LoadedSchema | undefined> {
  const { descriptor, context, findings, name } = load
  const first = isReflectedFirst(descriptor) ? await loadReflected(load) : undefined
  if (first !== undefined) return first
  const dead = new Set<string>()
  const failures: string[] = []
  const { candidates, findings: noted } = candidatesOf(descriptor, context)
  findings.push(...noted)
  for (const [index, candidate] of candidates.entries()) {
    if (dead.has(candidate.url.host)) continue
    const recent = candidate.asks === 'introspection' ? described(load, candidate.url.href) : undefined
    if (recent !== undefined) return recent
    const answer = await counted(load, () => fetchCandidate(candidate, context))
    if (answer instanceof FetchError) {
      if (answer.kind === 'blocked') findings.push(finding('ADDRESS_BLOCKED', `${shown(candidate.url)} is not fetched: ${answer.message}`))
      // The other places on a host that does not answer would only cost time.
      if (answer.kind === 'refused' || answer.kind === 'timeout') dead.add(candidate.url.host)
      failures.push(`${shown(candidate.url)}: ${answer.message}`)
      continue
    }
    const before = findings.length
    const loaded = tried(() => accept(load, answer, candidate), load)
    if (loaded === undefined) continue
    const isFallback = index > 0 || descriptor.location.type === 'registry' || descriptor.location.type === 'inline'
    if (isFallback) findings.push(finding('SCHEMA_FALLBACK', `${name} was read from ${shown(candidate.url)} (${candidate.why})`))
    return { ...loaded, noted: findings.slice(before) }
  }
  if (failures.length > 0) findings.push(finding('SCHEMA_UNAVAILABLE', `${name} could not be fetched: ${failures.join('; ')}`))
  return !isReflectedFirst(descriptor) && isReflected(descriptor, context) ? loadReflected(load) : undefined
}

/** Asks a gRPC server for its descriptors. */
async function loadReflected(load: Load): Promise<LoadedSchema | undefined> {
  const { descriptor, language, context, findings, name } = load
  for (const address of reflectionAddresses(descriptor, context, findings)) {
    const url = `${originOf(address)}/grpc.reflection`
    const recent = described(load, url)
    if (recent !== undefined) return recent
    const answer = await counted(load, () => reflected(address, context))
    if (answer instanceof Error) {
      findings.push(finding('SCHEMA_UNAVAILABLE', `${name} could not be had by reflection from ${originOf(address)}: ${answer.message}`))
      continue
    }
    const before = findings.length
    findings.push(...answer.findings)
    const loaded = tried(
      () => settle(load, { content: context.cache.fromValue(language, answer.document), value: () => answer.document, from: 'elsewhere' }),
      load,
    )
    if (loaded === undefined) continue
    if (!isReflectedFirst(descriptor)) findings.push(finding('SCHEMA_FALLBACK', `${name} was had by reflection`))
    return { ...loaded, url, noted: findings.slice(before) }
  }
  return undefined
}

/** What a server said of itself not long ago, with the same manifest. */
function described({ descriptor, context: { previous, limits }, findings }: Load, url: string): LoadedSchema | undefined {
  if (previous?.url !== url || previous.descriptor !== descriptor || Date.now() - previous.seenAt > limits.introspectionMs) return undefined
  findings.push(...(previous.noted ?? []))
  return previous
}

/** Asks for a schema, and counts it. */
async function counted<T extends object>({ descriptor, context }: Load, ask: () => Promise<T>): Promise<T> {
  const from = performance.now()
  let status: FetchStatus = 'error'
  try {
    const answer = await ask()
    if (!(answer instanceof Error)) status = 'status' in answer && answer.status === 304 ? 'not_modified' : 'success'
    return answer
  } finally {
    context.meter.schemaFetched(descriptor.type, status, performance.now() - from)
  }
}

async function fetchCandidate(candidate: Candidate, context: LoadContext): Promise<FetchedDocument | FetchError> {
  const { fetcher, scope, limits, previous, signal } = context
  const { headers } = candidate
  const etag = previous?.url === candidate.url.href ? previous.etag : undefined
  try {
    if (candidate.asks === 'introspection') return await introspectGraphql(candidate.url, { fetcher, scope, limits, headers, signal })
    return await fetcher.fetch({
      url: candidate.url,
      scope,
      maxBytes: limits.schemaBytes,
      accept: ACCEPT,
      headers,
      ...(etag === undefined ? {} : { etag }),
      backsOff: true,
      signal,
    })
  } catch (thrown) {
    if (thrown instanceof FetchError) return thrown
    throw thrown
  }
}

function accept(load: Load, answer: FetchedDocument, candidate: Candidate): LoadedSchema | undefined {
  const { previous, cache } = load.context
  const url = candidate.url.href
  const isSame = answer.status === 304 && previous !== undefined
  const content = isSame ? previous.content : cache.fromBytes(load.language, answer.body)
  const loaded = settle(load, {
    content,
    from: 'elsewhere',
    value: () => (isSame ? content.document : valueOf(answer.body, content)),
    ...(isSame ? {} : { bytes: answer.body }),
  })
  return loaded === undefined ? undefined : { ...loaded, url, etag: answer.etag ?? (isSame ? previous.etag : undefined) }
}

/** What the hash may have been made of: the JSON that was served, in its own order. The same content may have come in another one before, from somebody else. */
function valueOf(bytes: Uint8Array, { document }: SchemaContent): unknown {
  if (!/^\s*[{"]/.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1'))) return document
  try {
    return JSON.parse(decodeUtf8(bytes) ?? '')
  } catch {
    // Binary descriptors and YAML may begin like JSON; their hash is that of the bytes.
    return document
  }
}

/** What came, parsed, and as it came. */
interface Arrived {
  readonly content: SchemaContent
  readonly value: () => unknown
  readonly bytes?: Uint8Array
  readonly from: 'registry' | 'elsewhere'
}

/** Verifies before anything is routed. `undefined` when the policy forbids the content. Throws `SchemaError`. */
function settle(load: Load, { content, value, bytes, from }: Arrived): LoadedSchema | undefined {
  const { descriptor, context, findings, name } = load
  const { hash } = descriptor
  const { previous, policy = from === 'registry' ? 'enforce' : 'warn' } = context
  const isKnown = previous?.content === content && previous.declared === hash && previous.isVerified
  const isRight =
    isKnown || (hash !== undefined && context.cache.hasHash(hash, content, { value, ...(bytes === undefined ? {} : { bytes }) }))
  if (isRight && hash !== undefined) context.cache.remember(hash, content)
  else if (hash !== undefined && policy !== 'off') {
    const isRefused = policy === 'enforce'
    findings.push({
      ...finding('HASH_MISMATCH', `${name} has the hash ${content.hash}, but ${hash} is declared${isRefused ? '; it is not used' : ''}`),
      severity: isRefused ? 'error' : 'warning',
    })
    if (isRefused) return undefined
  }
  return complete(load, { content, declared: hash, isVerified: isRight, url: undefined, etag: undefined, seenAt: Date.now() })
}

function tried<T>(work: () => T, { findings, name }: Load): T | undefined {
  try {
    return work()
  } catch (thrown) {
    if (!(thrown instanceof SchemaError)) throw thrown
    findings.push(finding('SCHEMA_INVALID', `${name} cannot be used: ${thrown.message}`))
    return undefined
  }
}

/** Without query: it may hold a token. */
function shown(url: URL): string {
  return url.origin + url.pathname
}
