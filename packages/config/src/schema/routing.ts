import { balancing } from './balancing.ts'
import { defaulted, optional, section } from './keys.ts'
import { choice, duration } from './scalars.ts'
import { health } from './health.ts'
import { retry } from './retry.ts'

const TIMEOUT = 'From the last byte of the request to the head of the answer, over all attempts. Never cuts a body that moves.'
const CONNECT = 'To establish one connection to an upstream.'
const IDLE = 'Longest silence while a body moves in either direction.'

/** The timeouts that `routing`, an upstream and a route share; the closest one wins. */
export const ownTimeouts = {
  timeout: optional(duration(), { description: TIMEOUT, otherwise: 'as `routing.timeout`' }),
  idle_timeout: optional(duration(), { description: IDLE, otherwise: 'as `routing.idle_timeout`' }),
}

/** The connection belongs to an upstream, so a route does not have this one. */
export const ownConnectTimeout = optional(duration(), { description: CONNECT, otherwise: 'as `routing.connect_timeout`' })

export const routing = section({
  timeout: defaulted(duration(), '30s', { description: TIMEOUT }),
  connect_timeout: defaulted(duration(), '2s', { description: CONNECT }),
  idle_timeout: defaulted(duration(), '60s', { description: IDLE }),
  upstream_client: defaulted(choice(['native', 'undici']), 'native', {
    description:
      'Who speaks HTTP/1.1 to upstreams: the client made for this gateway, which is stricter with answers and cheaper, or undici, for a second opinion when an upstream is suspected.',
  }),
  ...retry,
  ...balancing,
  ...health,
})
