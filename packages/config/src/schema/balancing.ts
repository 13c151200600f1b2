import { choice } from './scalars.ts'
import { defaulted, later, optional } from './keys.ts'

const loadBalance = (): ReturnType<typeof choice<'round-robin'>> =>
  choice(['round-robin'], ['least-requests', 'ewma', 'random', 'ring-hash', 'maglev', 'rendezvous'])

/** How instances share the traffic, for all upstreams. */
export const balancing = {
  load_balance: defaulted(loadBalance(), 'round-robin', { description: 'How the instance for a request is chosen. Weights count.' }),
  slow_start: later('Little traffic at first for a new instance.'),
  zone: later('Preferring instances near by.'),
}

/** The same for one upstream, and what only an upstream has. */
export const ownBalancing = {
  load_balance: optional(loadBalance(), {
    description: 'How the instance for a request is chosen.',
    otherwise: 'as `routing.load_balance`',
  }),
  slow_start: later('Little traffic at first for a new instance.'),
  hash_on: later('What a hash balancer hashes.'),
  sticky: later('Keeping a client at one instance.'),
}
