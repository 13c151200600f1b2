import { constantRate } from '../load/h2load.mjs'
import { onStage } from './stage.mjs'
import { percentile } from '../lib/statistics.mjs'

const SHARES = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999 }

/** Percentiles of the latency at a constant rate, of each subject and of the backend alone (`direct`), in interleaved rounds. Milliseconds. */
export function latency(scenario, bench) {
  const { rate, connections, seconds, rounds: most } = scenario.load
  return onStage(scenario, bench, async ({ backend, subjects }) => {
    const ports = new Map([['direct', backend.ports[0]], ...[...subjects].map(([name, { port }]) => [name, port])])
    const rounds = []
    for (const port of ports.values())
      await constantRate({ port, request: scenario.request, rate, connections, seconds: 1, folder: bench.folder })
    for (let round = 0; round < Math.min(bench.rounds, most); round++) {
      const row = {}
      for (const [name, port] of ports) {
        const sorted = await constantRate({
          port,
          request: scenario.request,
          rate,
          connections,
          seconds: Math.min(seconds, bench.seconds * 2),
          folder: bench.folder,
        })
        row[name] = Object.fromEntries(Object.entries(SHARES).map(([key, share]) => [key, percentile(sorted, share)]))
      }
      rounds.push(row)
      bench.say(
        `${scenario.name} ${round + 1}/${Math.min(bench.rounds, most)}: p99 ${Object.entries(row)
          .map(([name, { p99 }]) => `${name} ${p99.toFixed(1)}`)
          .join(', ')} ms`,
      )
    }
    return { rounds }
  })
}
