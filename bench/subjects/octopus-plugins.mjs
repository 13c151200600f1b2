import { definePlugin } from '@octopus-gateway/core'
import { SECRET } from '../lib/token.mjs'

const anything = { '~standard': { version: 1, vendor: 'bench', validate: (value) => ({ value }) } }
const pass = definePlugin({ name: 'pass', config: anything, setup: () => ({ middleware: (_c, next) => next() }) })

/** Never reached: what is measured is the cost of counting, not of refusing. */
const RATE = { rate: 1_000_000_000, per: '1s' }

/** The plugins of a variant. Policies are loaded only where they are asked for. */
export async function pluginsFor(which) {
  if (which === undefined) return []
  if (which === 'web') return [pass()]
  const { requestId, cors, rateLimit, compression } = await import('@octopus-gateway/core/plugins')
  const { jwt } = await import('@octopus-gateway/plugins-jwt')
  const shared = [jwt({ secret: SECRET, algorithms: ['HS256'] }), rateLimit(RATE), cors({ allowedOrigins: ['https://shop.example'] })]
  return which === 'four' ? [...shared, compression()] : [requestId(), ...shared]
}
