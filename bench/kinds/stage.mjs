import { BACKENDS } from '../backends/index.mjs'
import { SUBJECTS } from '../subjects/index.mjs'
import { ask } from '../lib/ask.mjs'

/**
 * The backend of a scenario and its subjects, running and checked: each has answered as expected, or its name is in `absent` with the reason.
 * `use` gets them; everything is stopped afterwards, whatever happens.
 */
export async function onStage(scenario, bench, use) {
  const absent = {}
  const running = []
  const backend = await BACKENDS[scenario.backend.kind]({ ...scenario.backend, folder: bench.folder })
  try {
    const subjects = new Map()
    for (const name of scenario.subjects) {
      try {
        const subject = await enter(scenario, bench, { name, backend })
        running.push(subject)
        subjects.set(name, subject)
        await check(scenario, bench, subject)
      } catch (error) {
        subjects.delete(name)
        absent[name] = error.message
        bench.say(`${scenario.name}: without ${name}: ${error.message}`)
      }
    }
    const found = await use({ backend, subjects, absent })
    backend.mustLive()
    return { ...found, absent }
  } finally {
    for (const one of [...running, backend]) await one.stop()
  }
}

async function enter(scenario, bench, { name, backend }) {
  const subject = SUBJECTS.get(name)
  if (subject.version() === null) throw new Error('not installed; npm run bench:setup installs it')
  if (!subject.carries.includes(scenario.front)) throw new Error(`cannot serve ${scenario.front}`)
  const {
    front,
    backend: { kind: what },
  } = scenario
  return { ...(await subject.start({ folder: bench.folder, front, backend, certificate: bench.certificate, what })), name }
}

/** One answer, to the last byte: a proxy that errs is not fast. */
export async function check(scenario, bench, { port }) {
  const { front, request, expect, path = request.path } = scenario
  if (expect.unchecked === true) return
  const answer = await ask({ front, port, certificate: bench.certificate, request: { ...request, path } })
  if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${answer.body.toString('latin1').slice(0, 200)}`)
  if (answer.body.length !== expect.bytes) throw new Error(`answered ${answer.body.length} bytes instead of ${expect.bytes}`)
  for (const [name, value] of Object.entries(expect.trailers ?? {}))
    if (answer.trailers[name] !== value) throw new Error(`ended with ${name}: ${answer.trailers[name]} instead of ${value}`)
}
