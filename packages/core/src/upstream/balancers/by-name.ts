import { ewma, leastRequests } from './two-choices.ts'
import { maglev } from './maglev.ts'
import { randomly } from './random.ts'
import { rendezvous } from './rendezvous.ts'
import { ringHash } from './ring.ts'
import { roundRobin } from './round-robin.ts'
import type { Balancer, Random } from './balancer.ts'
import type { BalancerName } from '../balancing.ts'
import type { LiveEndpoint } from '../endpoint-state.ts'

/** The balancers by their names in configurations. */
export const BALANCERS: Readonly<Record<BalancerName, (endpoints: readonly LiveEndpoint[], random?: Random) => Balancer>> = {
  'round-robin': roundRobin,
  'least-requests': leastRequests,
  ewma,
  random: randomly,
  'ring-hash': ringHash,
  maglev,
  rendezvous,
}
