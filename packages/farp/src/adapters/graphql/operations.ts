import { clean } from '../../text.ts'
import { finding } from '../../findings.ts'
import { own, ownText, table } from '../../json.ts'
import { skipped } from '../notes.ts'
import { operationAt } from '../operation.ts'
import type { AdaptedSchema, AdapterContext } from '../adapter.ts'
import type { Finding } from '@octopus-gateway/core'
import type { JsonObject } from '../../json.ts'

/** Where a GraphQL server is when nothing else is said. */
export const GRAPHQL_PATH = '/graphql'

/**
 * The routes of a GraphQL service: one path, with POST and GET. The GET carries WebSocket handshakes for subscriptions as well, as every GET route does;
 * whether there are any is in its extensions.
 */
export function graphqlOperations(_document: JsonObject, { metadata, endpoint }: AdapterContext): AdaptedSchema {
  const path = pathOf(endpoint ?? GRAPHQL_PATH)
  const extensions = table<unknown>([['x-graphql', settingsOf(metadata)]])
  const post = operationAt(path, 'POST', { protocol: 'graphql', extensions })
  if ('problem' in post) return { operations: [], findings: [skipped(path, post.problem)] }
  return { operations: [post, { ...post, method: 'GET' }], findings: unmeasured(metadata) }
}

/** The path of an endpoint, which some producers write as a URL. */
function pathOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).pathname : `/${endpoint.replace(/^\/+/, '').split(/[?#]/)[0]!}`
}

function settingsOf(metadata: JsonObject): JsonObject {
  const subscriptions = own(metadata, 'subscriptions_enabled') === true
  const protocol = clean(ownText(metadata, 'subscription_protocol') ?? '', 100)
  const [depthLimit, complexityLimit] = [limitOf(metadata, 'depth_limit'), limitOf(metadata, 'complexity_limit')]
  return {
    subscriptions,
    ...(subscriptions && protocol !== '' ? { subscriptionProtocol: protocol } : {}),
    ...(depthLimit === undefined ? {} : { depthLimit }),
    ...(complexityLimit === undefined ? {} : { complexityLimit }),
  }
}

/** Limits hold for queries by POST and GET; who lets WebSockets in must measure what comes through them. */
function unmeasured(metadata: JsonObject): Finding[] {
  const declared = ['depth_limit', 'complexity_limit'].filter((name) => limitOf(metadata, name) !== undefined)
  if (declared.length === 0 || own(metadata, 'subscriptions_enabled') !== true) return []
  return [
    finding(
      'NOT_SUPPORTED_YET',
      `metadata.graphql declares ${declared.join(' and ')}; the gateway does not look into WebSockets, so the service must enforce it there`,
    ),
  ]
}

/** Zero is how a peer written in Go says nothing. */
function limitOf(metadata: JsonObject, name: string): number | undefined {
  const value = own(metadata, name)
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined
}
