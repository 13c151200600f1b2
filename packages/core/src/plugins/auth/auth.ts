import { acquireProviders } from './acquire.ts'
import { checkSettings } from './settings.ts'
import { Gate } from './gate.ts'
import type { AuthOptions } from './settings.ts'
import type { Plugin } from '../../plugin/plugin.ts'

const NAME = 'auth'
const VERSION = '1.0.0'

/**
 * Finds out who calls and refuses who may not: 401 with `WWW-Authenticate` without a credential that counts, 403 where scopes or roles of the
 * route's `auth` are missing, 503 when a provider cannot tell. The caller is in the slot `identity`, and upstreams learn of it by three fields, which
 * are removed from every request as it comes; in their values `%`, `,` and what is not visible ASCII is percent-encoded. On a route with
 * `auth: false` nobody is asked. Where several `auth` plugins are on a route, each must be satisfied.
 */
export function auth(options: AuthOptions): Plugin {
  const { providers, ...rest } = options
  const identities = Array.isArray(providers) ? providers.map(({ name, identity }) => ({ name, identity })) : providers
  return {
    name: NAME,
    version: VERSION,
    identity: { name: NAME, version: VERSION, config: { ...rest, providers: identities } },
    async setup(host) {
      const settings = await checkSettings(options)
      const providing = await acquireProviders(settings.providers, host)
      const gate = new Gate(settings, providing.list)
      const { principal, roles, scopes } = settings.headers
      return {
        enforces: providing.list.map(({ name }) => name),
        ownFields: [principal, roles, scopes],
        onRequest: (ctx) => gate.enter(ctx),
        onUpstreamRequest: (ctx, head) => gate.introduce(ctx, head),
        [Symbol.asyncDispose]: () => providing.release(),
      }
    },
  }
}
