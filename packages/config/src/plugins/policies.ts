import { auth, authOptions, compression, cors, rateLimit, requestId } from '@octopus-gateway/core/plugins'
import type { AuthProvider } from '@octopus-gateway/core/plugins'
import type { CamelOptions } from './keys.ts'
import type { Config } from '../schema/root.ts'
import type { Plugin, StandardSchemaV1 } from '@octopus-gateway/core'

/** An item of `middleware`. */
export type Policy = Config['middleware'][number]
type Named<K extends Policy['name']> = CamelOptions<Omit<Extract<Policy, { name: K }>, 'name'>>

/** How a policy is made of its options as code calls them, and what judges them. */
interface PolicyKind<K extends Policy['name']> {
  readonly schema: StandardSchemaV1
  make(options: Named<K>, providers: readonly AuthProvider[]): Plugin
}

/** The policies by name. The type sees to it that each option is one of the factory's. */
export const POLICIES: { readonly [K in Policy['name']]: PolicyKind<K> } = {
  request_id: { schema: requestId.config, make: (options) => requestId(options) },
  auth: { schema: authOptions, make: ({ providers: _names, ...options }, providers) => auth({ ...options, providers }) },
  rate_limit: { schema: rateLimit.config, make: (options) => rateLimit(options) },
  cors: { schema: cors.config, make: (options) => cors(options) },
  compression: { schema: compression.config, make: (options) => compression(options) },
}
