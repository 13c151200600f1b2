import type { SourceMeter } from '@octopus-gateway/core'

/** Counts nothing: for looks at a service outside a gateway. */
export const silentMeter: SourceMeter = {
  schemaUpdated() {},
  contractChanged() {},
  manifestSeen() {},
  schemaFetched() {},
  schemaCached() {},
  routesUpdated() {},
}
