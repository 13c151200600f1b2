import { collectDefaultMetrics, Registry } from 'prom-client'

/** Gauges of prom-client whose names end like a counter's: metric linters refuse them. */
const MISNAMED = ['nodejs_active_resources_total', 'nodejs_active_handles_total', 'nodejs_active_requests_total']

/** Memory, CPU, event loop and garbage collection of this process, ready to be appended to a gateway's metrics. A registry of its own; nothing global. */
export function processMetrics(): { exposition(): Promise<string> } {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  return { exposition: () => registry.metrics() }
}
