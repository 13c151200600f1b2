import { originOf } from '../address.ts'
import { finding } from '../findings.ts'
import { GRAPHQL_PATH } from '../adapters/graphql/operations.ts'
import { judge } from '../trust.ts'
import type { Address } from '../address.ts'
import type { Finding } from '@octopus-gateway/core'
import type { Manifest, SchemaDescriptor } from '../manifest/manifest.ts'
import type { Metadata } from '../metadata.ts'
import type { TrustScope } from '../trust.ts'

/** A place where a schema may be. */
export interface Candidate {
  readonly url: URL
  readonly headers: ReadonlyMap<string, string>
  /** Whether a GraphQL server is asked for its schema there, or the document itself is there. */
  readonly asks: 'document' | 'introspection'
  /** For the finding when it is not the first. */
  readonly why: string
}

/** Where an instance is and what it says of its places. */
export interface Whereabouts {
  readonly own: Address
  readonly scope: TrustScope
  readonly endpoints: Manifest['endpoints']
  readonly metadata: Metadata
}

const NO_HEADERS: ReadonlyMap<string, string> = new Map()

/** Where the manifest, or else the record, says that the instance has its document of this language; for GraphQL, where it answers queries. */
export function endpointOf(
  { type, location }: SchemaDescriptor,
  { endpoints, metadata }: Pick<Whereabouts, 'endpoints' | 'metadata'>,
): string | undefined {
  if (type !== 'openapi' && type !== 'asyncapi' && type !== 'graphql') return undefined
  if (type !== 'graphql' || endpoints.graphql !== undefined) return endpoints[type]
  const named = location.type === 'http' && isGraphqlPath(location.url) ? location.url : undefined
  return named ?? metadata.get('farp.graphql.path') ?? metadata.get('farp.graphql')
}

/** Whether a URL ends as the endpoints of GraphQL servers do: a plain GET brings nothing there. */
function isGraphqlPath(url: string): boolean {
  return /\/graphql\/?(?:[?#]|$)/i.test(url)
}

/** The places to try for a document, in order, each once. */
export function candidatesOf(
  descriptor: SchemaDescriptor,
  at: Whereabouts,
): { readonly candidates: readonly Candidate[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = []
  const candidates: Candidate[] = []
  const { location, type } = descriptor
  const endpoint = type === 'graphql' ? 'introspection' : 'document'
  const add = (text: string | undefined, why: string, { headers = NO_HEADERS, asks = endpoint }: Partial<Candidate> = {}): void => {
    if (text === undefined) return
    for (const place of placesOf(text, at, findings)) {
      const isOwn = place.isMoved ? NO_HEADERS : headers
      if (!candidates.some(({ url, asks: other }) => url.href === place.url.href && asks === other))
        candidates.push({ url: place.url, headers: isOwn, asks, why: place.isMoved ? 'the same path on the instance' : why })
    }
  }
  if (location.type === 'http') {
    const isEndpoint = type === 'graphql' && (isGraphqlPath(location.url) || location.url === at.endpoints.graphql)
    if (isEndpoint) add(location.url, 'location.url', { headers: location.headers })
    add(location.url, 'location.url', { headers: location.headers, asks: 'document' })
  }
  if (type === 'openapi' || type === 'asyncapi' || type === 'graphql') add(at.endpoints[type], `endpoints.${type}`)
  add(at.metadata.get(`farp.${type}`), `metadata farp.${type}`)
  add(at.metadata.get(`farp.${type}.path`), `metadata farp.${type}.path`)
  // What services wrote before keys had the prefix.
  if (type === 'openapi' || type === 'asyncapi' || type === 'graphql') add(at.metadata.get(type), `metadata ${type}`)
  add(`/_farp/schemas/${type}`, 'the FARP schema path', { asks: 'document' })
  if (type === 'graphql') add(GRAPHQL_PATH, 'the usual path')
  return { candidates, findings }
}

interface Place {
  readonly url: URL
  /** Whether it is another one's path, tried on the instance's own address. */
  readonly isMoved: boolean
}

/**
 * The URLs to try for one that a manifest or metadata names: itself where the rules allow it, and the same path and query on the instance's own
 * address where it may not be contacted or may not resolve here.
 */
export function placesOf(text: string, at: Pick<Whereabouts, 'own' | 'scope'>, findings: Finding[]): Place[] {
  const origin = originOf(at.own)
  if (!URL.canParse(text, origin)) return []
  const url = new URL(text, origin)
  url.hash = ''
  const isWeb = url.protocol === 'http:' || url.protocol === 'https:'
  const moved: Place[] = isWeb && url.origin !== origin ? [{ url: onOrigin(origin, url), isMoved: true }] : []
  const verdict = judge(url, at.scope)
  if (verdict.allowed) return [{ url, isMoved: false }, ...(verdict.by === 'registry' ? [] : moved)]
  if (verdict.reason === 'foreign') {
    findings.push(
      finding(
        'FOREIGN_HOST',
        `${url.host} is not contacted: it is neither the instance, nor another instance of the service, nor its registry name. The same path is tried on ${origin}. Add ${url.hostname} to farp.allowed_hosts to allow it.`,
      ),
    )
  } else findings.push(finding('ADDRESS_BLOCKED', `${url.protocol}//${url.host} is not contacted: ${verdict.message}`))
  return moved
}

/** The same path and query at another place. Member by member: a path such as `//x` would be read as a host. */
function onOrigin(origin: string, { pathname, search }: URL): URL {
  const url = new URL(origin)
  url.pathname = pathname
  url.search = search
  return url
}
