import { LOADS } from '../load/index.mjs'
import { onStage } from './stage.mjs'
import { residentMiB } from '../lib/processes.mjs'

/** Resident memory, MiB: at start, after load, and of a fresh process with many idle connections. */
export async function memory(scenario, bench) {
  const loaded = await onStage(scenario, bench, async ({ subjects }) => {
    const found = {}
    for (const [name, subject] of subjects) {
      const atStart = residentMiB(subject.pid)
      await LOADS.wrk({ front: 'http', port: subject.port, scenario, seconds: bench.seconds * 4, folder: bench.folder })
      found[name] = { atStart, loaded: residentMiB(subject.pid) }
    }
    return { found }
  })
  const idle = await onStage(scenario, bench, async ({ subjects }) => {
    const found = {}
    for (const [name, subject] of subjects) {
      const { connections, seconds } = scenario.load.idle
      let mib = 0
      const load = { ...scenario, load: { connections } }
      await LOADS.idle({ port: subject.port, scenario: load, seconds, onSteady() {}, onDone: () => (mib = residentMiB(subject.pid)) })
      found[name] = mib
      bench.say(`${scenario.name}: ${name} with ${connections} idle connections ${mib.toFixed(0)} MiB`)
    }
    return { found }
  })
  const figures = Object.fromEntries(Object.entries(loaded.found).map(([name, one]) => [name, { ...one, idle: idle.found[name] ?? null }]))
  return { figures, absent: { ...idle.absent, ...loaded.absent } }
}
