import { MODES } from './misbehaviours.mjs'
import { randomOf } from './random.mjs'

/** A keeper stays well for this long, and whoever follows it has been well for `SETTLED` before that. */
const KEEPER_MS = [5000, 12_000]
const SETTLED_MS = 3000
const SPELL_MS = { killed: [300, 4000], refusing: [300, 4000], hung: [1000, 8000] }
const OTHER_SPELL_MS = [300, 5000]
const REST_MS = [0, 2500]

/**
 * Lets instances misbehave. The rule: one of them is the keeper and well all the time; the duty goes to another one only after that has been well
 * for three seconds without a break, and only then may the old keeper misbehave. So at every moment one instance has been well for three seconds at least.
 */
export function runSchedule({ instances, modes = MODES, seed, onChange }) {
  const random = randomOf(seed)
  const run = { isOver: false }
  let keeper = instances[0]
  let heir = null
  const wakes = new Set()
  const sleep = (ms) =>
    new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        wakes.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      wakes.add(wake)
    })
  const spell = async (instance) => {
    const numbers = randomOf(seed + 1000 + instance.index)
    while (!run.isOver) {
      await sleep(numbers.between(...REST_MS))
      if (run.isOver || instance === keeper || instance === heir) continue
      const mode = numbers.oneOf(modes)
      onChange(instance.index, mode)
      await instance.become(mode)
      await sleep(numbers.between(...(SPELL_MS[mode] ?? OTHER_SPELL_MS)))
      await instance.become('ok')
      onChange(instance.index, 'ok')
    }
  }
  const duty = async () => {
    while (!run.isOver) {
      await sleep(random.between(...KEEPER_MS))
      heir = random.oneOf(instances.filter((instance) => instance !== keeper))
      while (!run.isOver && heir.mode !== 'ok') await sleep(20)
      await sleep(SETTLED_MS)
      if (run.isOver) return
      keeper = heir
      heir = null
      onChange(keeper.index, 'keeper')
    }
  }
  const running = Promise.all([duty(), ...instances.map(spell)])
  return {
    /** Ends it; all instances are well afterwards. */
    async stop() {
      run.isOver = true
      for (const wake of wakes) wake()
      await running
    },
  }
}
