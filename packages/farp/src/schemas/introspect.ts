import { FetchError } from '../net/fetcher.ts'
import { clean } from '../text.ts'
import { decodeUtf8 } from './utf8.ts'
import { isObject, ownList, ownObject, ownText } from '../json.ts'
import type { DocumentFetcher, FetchedDocument } from '../net/guarded.ts'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'
import type { TrustScope } from '../trust.ts'

/** What asking a GraphQL endpoint about itself needs. */
export interface IntrospectionContext {
  readonly fetcher: DocumentFetcher
  readonly scope: TrustScope
  readonly limits: Limits
  /** Sent to this host only. */
  readonly headers: ReadonlyMap<string, string>
  readonly signal: AbortSignal
}

/**
 * Asks a GraphQL endpoint for its schema by the standard introspection query; the body of the answer holds `data.__schema`. Servers of older editions
 * refuse the newer half of that query, and are asked again without it. Rejects with `FetchError`.
 */
export async function introspectGraphql(url: URL, context: IntrospectionContext): Promise<FetchedDocument> {
  const { getIntrospectionQuery } = await import('graphql')
  const newer = { specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true }
  try {
    return await ask(url, getIntrospectionQuery(newer), context)
  } catch (thrown) {
    // Whoever does not answer queries there, or not us, will not answer another one either.
    if (!(thrown instanceof FetchError) || thrown.kind !== 'status' || [401, 403, 404, 405].includes(thrown.status ?? 0)) throw thrown
    return ask(url, getIntrospectionQuery(), context)
  }
}

async function ask(url: URL, query: string, { fetcher, scope, limits, headers, signal }: IntrospectionContext): Promise<FetchedDocument> {
  const answer = await fetcher.fetch({
    url,
    scope,
    maxBytes: limits.schemaBytes,
    accept: 'application/json, application/graphql-response+json;q=0.9',
    headers,
    body: { type: 'application/json', bytes: new TextEncoder().encode(JSON.stringify({ query, operationName: 'IntrospectionQuery' })) },
    backsOff: true,
    signal,
  })
  const value = parse(answer.body)
  if (value !== undefined && ownObject(ownObject(value, 'data') ?? {}, '__schema') !== undefined) return answer
  const [error] = value === undefined ? [] : ownList(value, 'errors').filter(isObject)
  const reason = error === undefined ? undefined : ownText(error, 'message')
  throw new FetchError('status', `it does not answer introspection${reason === undefined ? '' : `: ${clean(reason, 200)}`}`, {
    status: answer.status,
  })
}

function parse(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(decodeUtf8(bytes) ?? '')
    return isObject(value) ? value : undefined
  } catch {
    // What is no JSON is no answer of GraphQL, and that is all the caller asks.
    return undefined
  }
}
