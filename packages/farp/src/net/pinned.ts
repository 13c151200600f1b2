import { isIP } from 'node:net'
import type { LookupFunction } from 'node:net'

/** Answers every look-up with the checked addresses, so that a name cannot change between check and connection (DNS rebinding). */
export function pinned(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_host, options, done) => {
    if (options.all === true) done(null, all)
    else done(null, all[0]!.address, all[0]!.family)
  }
}
