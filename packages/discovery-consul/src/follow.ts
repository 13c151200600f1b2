import { isDeepStrictEqual } from 'node:util'
import { Pauses } from '@octopus-gateway/discovery-support'
import type { Told } from './client.ts'

/** Between two questions: what changes in a burst is one answer. Milliseconds. */
const BREATH = 40
/** When answers come at once and say nothing new, the pause doubles up to this. Milliseconds. */
const LONGEST_PAUSE = 10_000
/** An answer that took so long has waited. Milliseconds. */
const HELD_BACK = 1_000

/** Asks again and again, each time for what is newer, and tells what has changed, beginning with what is there. Rejects with what `ask` rejects with. */
export async function follow(ask: (index: number) => Promise<Told>, changed: (told: Told) => void, signal: AbortSignal): Promise<void> {
  let index = 0
  const pauses = new Pauses(BREATH, LONGEST_PAUSE)
  let last: unknown
  while (!signal.aborted) {
    const begun = performance.now()
    const told = await ask(index)
    const isNew = !isDeepStrictEqual(told.value, last)
    last = told.value
    if (isNew) changed(told)
    // An index moves also where nothing has changed; a proxy in between, or a Consul with a defect, may answer at once every time.
    const isIdle = !isNew && performance.now() - begun < HELD_BACK
    if (!isIdle) pauses.reset()
    index = nextIndex(index, told.index)
    await pauses.take(signal)
  }
}

/** An index that goes backwards begins again: after a restored snapshot the old one would wait for ever. None, or 0, must not make a loop without waiting. */
export function nextIndex(before: number, told: number): number {
  if (!Number.isSafeInteger(told) || told < 1) return 1
  return told < before ? 0 : told
}
