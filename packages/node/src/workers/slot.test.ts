import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HANG_MS, START_MS, YOUNG_MS } from './timing.ts'
import { LISTENING, ScriptedProcess } from '../../test/workers/scripted-process.ts'
import { silentLogger } from '@octopus-gateway/core'
import { Slot } from './slot.ts'
import type { Failure } from './messages.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A slot that is started, and every process it had. */
function started(replaces = true): { readonly slot: Slot; readonly processes: ScriptedProcess[]; readonly downs: (Failure | null)[] } {
  const processes: ScriptedProcess[] = []
  const downs: (Failure | null)[] = []
  const slot = new Slot(1, {
    log: silentLogger,
    spawn: () => {
      const process = new ScriptedProcess(processes.length + 100)
      processes.push(process)
      return process
    },
    up: () => {},
    down: (_slot, failure) => {
      downs.push(failure)
      return replaces
    },
    message: () => {},
  })
  slot.start()
  return { slot, processes, downs }
}

/** The slot looks once a second, as the control process makes it. */
function pass(slot: Slot, ms: number, each: () => void = () => {}): void {
  for (let t = 0; t < ms; t += 1_000) {
    vi.advanceTimersByTime(1_000)
    each()
    slot.check(performance.now(), 0)
  }
}

describe('a worker that ends', () => {
  test('is replaced at once', () => {
    const { slot, processes } = started()
    processes[0]!.says({ kind: 'ready', listening: LISTENING })
    expect(slot.status).toEqual({ worker: 1, pid: 100, state: 'running', restarts: 0 })
    processes[0]!.exits('SIGKILL')
    expect(slot.status).toEqual({ worker: 1, pid: null, state: 'waiting', restarts: 0 })
    vi.advanceTimersByTime(0)
    expect(slot.status).toEqual({ worker: 1, pid: 101, state: 'starting', restarts: 1 })
  })

  test('young again and again is replaced ever later, up to 30 s, with jitter', () => {
    const { processes } = started()
    const pauses: number[] = []
    for (let i = 0; i < 12; i++) {
      processes.at(-1)!.exits('code 1')
      const count = processes.length
      const since = performance.now()
      while (processes.length === count) vi.advanceTimersToNextTimer()
      pauses.push(performance.now() - since)
    }
    expect(pauses[0]).toBe(0)
    pauses.slice(1).forEach((pause, i) => {
      const middle = Math.min(250 * 2 ** i, 30_000)
      expect(pause).toBeGreaterThanOrEqual(Math.floor(middle * 0.75))
      expect(pause).toBeLessThanOrEqual(Math.ceil(middle * 1.25))
    })
  })

  test('after a life without trouble counts as the first one', () => {
    const { processes, slot } = started()
    for (let i = 0; i < 5; i++) {
      processes.at(-1)!.exits('code 1')
      vi.advanceTimersToNextTimer()
    }
    processes.at(-1)!.says({ kind: 'ready', listening: LISTENING })
    pass(slot, YOUNG_MS, () => processes.at(-1)!.says({ kind: 'beat' }))
    processes.at(-1)!.exits('code 1')
    const count = processes.length
    vi.advanceTimersByTime(0)
    expect(processes).toHaveLength(count + 1)
  })

  test('is not replaced when nobody wants that, and says why it could not start', () => {
    const { processes, downs, slot } = started(false)
    processes[0]!.says({ kind: 'failed', failure: { message: 'no such key', code: 78 } })
    processes[0]!.exits('code 0')
    vi.runAllTimers()
    expect(processes).toHaveLength(1)
    expect(downs).toEqual([{ message: 'no such key', code: 78 }])
    expect(slot.isRunning).toBe(false)
  })

  test('what the process before says late is nobody’s concern', () => {
    const { processes, slot } = started()
    processes[0]!.exits('SIGKILL')
    vi.advanceTimersByTime(0)
    processes[0]!.says({ kind: 'ready', listening: LISTENING })
    processes[0]!.exits('SIGKILL')
    expect(slot.status).toMatchObject({ pid: 101, state: 'starting' })
  })
})

describe('a worker that says nothing', () => {
  test('is ended after ten seconds', () => {
    const { processes, slot } = started()
    processes[0]!.says({ kind: 'ready', listening: LISTENING })
    pass(slot, HANG_MS)
    expect(processes[0]!.isKilled).toBe(false)
    pass(slot, 1_000)
    expect(processes[0]!.isKilled).toBe(true)
  })

  test('goes on while it says anything', () => {
    const { processes, slot } = started()
    processes[0]!.says({ kind: 'ready', listening: LISTENING })
    pass(slot, 60_000, () => processes[0]!.says({ kind: 'beat' }))
    expect(processes[0]!.isKilled).toBe(false)
  })

  test('has more time to get ready, whatever it says meanwhile', () => {
    const { processes, slot } = started()
    pass(slot, START_MS, () => processes[0]!.says({ kind: 'beat' }))
    expect(processes[0]!.isKilled).toBe(false)
    pass(slot, 1_000, () => processes[0]!.says({ kind: 'beat' }))
    expect(processes[0]!.isKilled).toBe(true)
  })

  test('is not blamed when the control process was not there to hear it', () => {
    const { processes, slot } = started()
    processes[0]!.says({ kind: 'ready', listening: LISTENING })
    vi.advanceTimersByTime(3_600_000)
    slot.check(performance.now(), 3_599_000)
    expect(processes[0]!.isKilled).toBe(false)
    pass(slot, HANG_MS + 1_000)
    expect(processes[0]!.isKilled).toBe(true)
  })
})

describe('stopping', () => {
  test('asks, waits, and replaces nobody', async () => {
    const { processes, slot } = started()
    processes[0]!.says({ kind: 'ready', listening: LISTENING })
    let isGone = false
    const stopped = slot.stop({ grace: 7 }).then(() => (isGone = true))
    expect(processes[0]!.told).toEqual([{ kind: 'stop', how: { grace: 7 } }])
    pass(slot, HANG_MS * 3)
    await Promise.resolve()
    expect([isGone, processes[0]!.isKilled]).toEqual([false, false])
    processes[0]!.exits('code 0')
    await stopped
    vi.runAllTimers()
    expect(processes).toHaveLength(1)
    expect(slot.status.state).toBe('stopped')
  })

  test('ends at once what does not serve yet', async () => {
    const { processes, slot } = started()
    const stopped = slot.stop({ grace: 7 })
    expect(processes[0]!.isKilled).toBe(true)
    processes[0]!.exits('SIGKILL')
    await stopped
  })

  test('leaves nobody who waits to be started', async () => {
    const { processes, slot } = started()
    processes[0]!.exits('code 1')
    await slot.stop({ grace: 7 })
    vi.runAllTimers()
    expect(processes).toHaveLength(1)
  })
})
