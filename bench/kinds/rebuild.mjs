import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { constantRate } from '../load/h2load.mjs'
import { onStage } from './stage.mjs'
import { percentile } from '../lib/statistics.mjs'

/** Latency at a constant rate while nothing changes, and while a large table of routes is built again and again; milliseconds. */
export function rebuild(scenario, bench) {
  const { rate, connections, rounds: most } = scenario.load
  return onStage(scenario, bench, async ({ subjects }) => {
    const [subject] = subjects.values()
    if (subject === undefined) return { rounds: [], builds: [] }
    const at = async (seconds) =>
      percentile(
        await constantRate({ port: subject.port, request: scenario.request, rate, connections, seconds, folder: bench.folder }),
        0.99,
      )
    await at(1)
    const rounds = []
    for (let round = 0; round < Math.min(bench.rounds, most); round++) {
      const idle = await at(bench.seconds)
      subject.signal('SIGUSR2')
      await sleep(200)
      const busy = await at(bench.seconds)
      subject.signal('SIGUSR2')
      await sleep(1_000)
      rounds.push({ idle, busy })
      bench.say(`${scenario.name} ${round + 1}: p99 ${idle.toFixed(1)} ms, while rebuilding ${busy.toFixed(1)} ms`)
    }
    const builds = [...readFileSync(subject.log, 'utf8').matchAll(/"rebuiltMs":([\d.]+)/g)].map((match) => Number(match[1]))
    if (builds.length === 0) throw new Error('no table was built')
    return { rounds, builds }
  })
}
