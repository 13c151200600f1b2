import type { Config } from '../schema/root.ts'
import type { GatewayBalancingSettings, OwnBalancingSettings, SlowStart, Sticky } from '@octopus-gateway/core'

type Own = Config['upstreams'][number]

/** How instances share the traffic, of `routing`. */
export function gatewayBalancing(from: Config['routing']): GatewayBalancingSettings {
  return { ...shared(from), ...(from.zone === undefined ? {} : { zone: from.zone }) }
}

/** The same of an upstream. */
export function ownBalancing({ hash_on, sticky, ...from }: Own): OwnBalancingSettings {
  return {
    ...shared(from),
    ...(hash_on === undefined ? {} : { hashOn: hash_on }),
    ...(sticky === undefined ? {} : { sticky: cookie(sticky) }),
  }
}

function shared({ load_balance, panic_threshold, slow_start }: Pick<Own, 'load_balance' | 'panic_threshold' | 'slow_start'>): {
  loadBalance?: NonNullable<Own['load_balance']>
  panicThreshold?: number
  slowStart?: SlowStart
} {
  return {
    ...(load_balance === undefined ? {} : { loadBalance: load_balance }),
    ...(panic_threshold === undefined ? {} : { panicThreshold: panic_threshold }),
    ...(slow_start === undefined ? {} : { slowStart: slow_start }),
  }
}

function cookie({ cookie: name, ttl, path }: NonNullable<Own['sticky']>): Sticky {
  return { cookie: name, path, ...(ttl === undefined ? {} : { ttl }) }
}
