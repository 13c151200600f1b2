import { cors } from './cors/cors.ts'
import { graphqlLimits } from './graphql-limits/graphql-limits.ts'
import { rateLimit } from './rate-limit/rate-limit.ts'
import type { ConfigIssue } from '../errors.ts'
import type { CorsOptions } from './cors/cors.ts'
import type { GraphqlLimits } from './graphql-limits/graphql-limits.ts'
import type { Plugin, PluginFactory } from '../plugin/plugin.ts'
import type { RateLimitOptions } from './rate-limit/rate-limit.ts'
import type { StandardSchemaV1 } from '../plugin/standard-schema.ts'

/** Built-in policies as plain data. */
export interface RoutePolicies {
  /** Routes of one service with equal options share their buckets. */
  readonly rateLimit?: RateLimitOptions
  readonly cors?: CorsOptions
  readonly graphqlLimits?: GraphqlLimits
}

type Factory = PluginFactory<StandardSchemaV1<never, unknown>>

/** In the order in which they see a request. */
const FACTORIES = [
  ['cors', cors],
  ['rateLimit', rateLimit],
  ['graphqlLimits', graphqlLimits],
] as unknown as readonly (readonly [keyof RoutePolicies, Factory])[]

/** The plugins of policies. `scope` keeps what they count apart from others of equal options. */
export function policyPlugins(policies: RoutePolicies, scope: string): Plugin[] {
  return FACTORIES.flatMap(([name, factory]) => {
    if (policies[name] === undefined) return []
    const plugin = factory(policies[name] as never)
    return [{ ...plugin, identity: { ...plugin.identity, config: [scope, policies[name]] } }]
  })
}

/** Everything wrong with policies; `path` prefixes every issue. */
export function policyIssues(policies: RoutePolicies, path: string): ConfigIssue[] {
  return FACTORIES.flatMap(([name, factory]) => {
    if (policies[name] === undefined) return []
    // None of them asks anybody.
    const { issues = [] } = factory.config['~standard'].validate(policies[name]) as StandardSchemaV1.Result<unknown>
    return issues.map(({ message }) => ({ code: 'invalid_value', path: `${path}.${name}`, message }))
  })
}
