import { farpScale } from './farp-scale.mjs'
import { latency } from './latency.mjs'
import { memory } from './memory.mjs'
import { rebuild } from './rebuild.mjs'
import { routing } from './routing.mjs'
import { throughput } from './throughput.mjs'

/** How a scenario is measured, by its `kind`. */
export const KINDS = { throughput, latency, memory, rebuild, routing, 'farp-scale': farpScale }
