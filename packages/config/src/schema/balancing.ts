import { BALANCER_NAMES, isCookieName, isCookiePath, isHashKey, type BalancerName, type HashKey } from '@octopus-gateway/core'
import { choice, duration, whole } from './scalars.ts'
import { leaf, Refusal, type Leaf } from './leaf.ts'
import { optional, defaulted, required, section } from './keys.ts'
import { text } from './texts.ts'

const CHOOSING =
  'How the instance for a request is chosen; weights count. `round-robin`: in turns; `least-requests`: the less busy of two; `ewma`: the faster of two; `random`; and by a hash of the request, so that equal ones go to one instance: `ring-hash`, `maglev`, `rendezvous`.'
const SLOW = 'Little traffic at first for an instance that is new or works again.'
const PANIC =
  'Percent of the instances, by weight, that must be in order; below it what is known of their health is ignored and all share. With 0, health counts as long as one instance is in order.'

const loadBalance = (): Leaf<BalancerName> => choice(BALANCER_NAMES)
const percent = (): Leaf<number> => whole({ min: 0, max: 100, name: 'percentage' })

const slowStart = section({
  window: required(duration(), { description: 'From the first request to the full share.' }),
  aggression: defaulted(positive(), 1, {
    description: 'How the share grows: evenly with 1, faster at first with more, slower at first with less.',
  }),
})

const sticky = section({
  cookie: required(cookieName(), { description: 'The name of the cookie. Upstreams that share paths need names of their own.' }),
  ttl: optional(duration('1s'), { description: 'How long browsers keep it.', otherwise: 'until the browser is closed' }),
  path: defaulted(cookiePath(), '/', { description: 'Where browsers send it.' }),
})

/** How instances share the traffic, for all upstreams. */
export const balancing = {
  load_balance: defaulted(loadBalance(), 'round-robin', { description: CHOOSING }),
  slow_start: optional(slowStart, { description: SLOW }),
  panic_threshold: defaulted(percent(), 0, { description: PANIC }),
  zone: optional(text(), {
    description: 'Where the gateway runs. Instances of the same zone are preferred as long as they are enough.',
    otherwise: 'zones do not matter',
  }),
}

/** The same for one upstream, and what only an upstream has. */
export const ownBalancing = {
  load_balance: optional(loadBalance(), { description: CHOOSING, otherwise: 'as `routing.load_balance`' }),
  slow_start: optional(slowStart, { description: SLOW }),
  panic_threshold: optional(percent(), { description: PANIC, otherwise: 'as `routing.panic_threshold`' }),
  hash_on: optional(hashKey(), {
    description:
      'What `ring-hash`, `maglev` and `rendezvous` hash: `ip` (of IPv6 the /64 network), `uri` (the path), `header:<name>` or `cookie:<name>`. A request without it goes to any instance.',
    otherwise: '`ip`',
    risk: 'Clients that choose the value choose their instance.',
  }),
  sticky: optional(sticky, { description: 'Keeping a client at one instance by a cookie, as long as the instance works.' }),
}

function positive(): Leaf<number> {
  return leaf({
    name: 'number',
    json: { type: 'number', exclusiveMinimum: 0 },
    parse: (value, shown) =>
      typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : new Refusal(`must be a number above 0, not ${shown}`),
  })
}

function hashKey(): Leaf<HashKey> {
  return leaf({
    name: '`ip`, `uri`, `header:<name>`, `cookie:<name>`',
    json: { type: 'string', pattern: '^(ip|uri|(header|cookie):.+)$' },
    parse: (value, shown) =>
      typeof value === 'string' && isHashKey(value) ? value : new Refusal(`must be ip, uri, header:<name> or cookie:<name>, not ${shown}`),
  })
}

function cookieName(): Leaf<string> {
  return leaf({
    name: 'cookie name',
    json: { type: 'string', minLength: 1 },
    parse: (value, shown) =>
      typeof value === 'string' && isCookieName(value)
        ? value
        : new Refusal(`must be the name of a cookie such as instance, without spaces and separators, not ${shown}`),
  })
}

function cookiePath(): Leaf<string> {
  return leaf({
    name: 'path',
    json: { type: 'string', pattern: '^/' },
    parse: (value, shown) =>
      typeof value === 'string' && isCookiePath(value)
        ? value
        : new Refusal(`must be a path such as /shop, without spaces and semicolons, not ${shown}`),
  })
}
