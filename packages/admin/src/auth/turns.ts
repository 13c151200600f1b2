/** Runs tasks one at a time, in the order they came. */
export interface Turns {
  /** The task's result, or `undefined` when too many are waiting already. */
  run<T>(task: () => Promise<T>): Promise<T> | undefined
}

/** At most `limit` tasks run or wait; more are turned away, so that a flood costs neither memory nor time. */
export function createTurns(limit: number): Turns {
  let last: Promise<unknown> = Promise.resolve()
  let pending = 0
  return {
    run(task) {
      if (pending >= limit) return undefined
      pending++
      const result = last.then(task)
      const leave = (): void => {
        pending--
      }
      last = result.then(leave, leave)
      return result
    },
  }
}
