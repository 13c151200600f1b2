import { check, onStage } from './stage.mjs'
import { cpuSeconds, residentMiB } from '../lib/processes.mjs'
import { LOADS } from '../load/index.mjs'

const WARM_UP = 12_000

/**
 * CPU of the whole process tree per request, from the OS, in interleaved rounds: every subject is loaded once in each of them. A subject that
 * errs is given one more try, which the results tell in `stumbles`; one that errs again is taken out, with the reason.
 */
export function throughput(scenario, bench) {
  return onStage(scenario, bench, async ({ subjects, absent }) => {
    const memory = {}
    const stumbles = []
    const leave = (name, error) => {
      subjects.delete(name)
      absent[name] = error.message
      bench.say(`${scenario.name}: ${name} is out: ${error.message}`)
    }
    const again = (name, attempt) =>
      attempt().catch((error) => {
        stumbles.push(`${name}: ${error.message}`)
        bench.say(`${scenario.name}: ${name} once more: ${error.message}`)
        return attempt()
      })
    for (const [name, subject] of subjects) {
      try {
        memory[name] = await again(name, () => warmUp(scenario, bench, subject))
      } catch (error) {
        leave(name, error)
      }
    }
    const rounds = []
    for (let round = 0; round < bench.rounds; round++) {
      const row = {}
      for (const [name, subject] of subjects) {
        try {
          row[name] = await again(name, () => measure(scenario, bench, subject))
        } catch (error) {
          leave(name, error)
        }
      }
      rounds.push(row)
      const shown = Object.entries(row).map(([name, { microsPerRequest }]) => `${name} ${microsPerRequest.toFixed(0)}`)
      bench.say(`${scenario.name} ${round + 1}/${bench.rounds}: ${shown.join(', ')} us`)
    }
    for (const [name, subject] of subjects) await check(scenario, bench, subject).catch((error) => leave(name, error))
    return { rounds, stumbles, ...(scenario.load.hold === undefined ? {} : { memory }) }
  })
}

/** Loads a subject until it has answered enough. With `hold`: what its memory grew by while the load held its connections, KiB for each. */
async function warmUp(scenario, bench, subject) {
  const { hold, connections, warmUpSeconds = 1 } = scenario.load
  // Code that comes into being with the first requests does not belong to a connection.
  if (hold !== undefined) await LOADS.wrk(plainLoad(subject, bench))
  const before = residentMiB(subject.pid)
  let after = before
  for (let requests = 0; requests < (scenario.load.warmUp ?? WARM_UP);) {
    const load = await run(scenario, bench, { subject, seconds: warmUpSeconds, onDone: () => (after = residentMiB(subject.pid)) })
    requests += load.requests
    if (hold !== undefined) break
  }
  return ((after - before) * 1024) / connections
}

function plainLoad({ port }, { folder }) {
  const scenario = { name: 'plain', request: { path: '/' }, expect: { bytes: 0 }, load: { connections: 64 } }
  return { front: 'http', port, scenario, seconds: 2, folder }
}

async function measure(scenario, bench, subject) {
  let before = cpuSeconds(subject.pid)
  let after = null
  const { requests, perSecond } = await run(scenario, bench, {
    subject,
    seconds: bench.seconds,
    onSteady: () => (before = cpuSeconds(subject.pid)),
    onDone: () => (after = cpuSeconds(subject.pid)),
  })
  after ??= cpuSeconds(subject.pid)
  return { microsPerRequest: ((after - before) * 1e6) / requests, perSecond, requests }
}

function run(scenario, bench, { subject, seconds, onSteady = () => {}, onDone = () => {} }) {
  const { front, load } = scenario
  return LOADS[load.tool]({ front, port: subject.port, scenario, seconds, folder: bench.folder, onSteady, onDone })
}
