/** How long to wait, and how often to look. */
export interface WaitOptions {
  /** Milliseconds until giving up. Default 20,000: only what is broken pays for it, and a busy machine may be slow. */
  readonly timeout?: number
  /** Milliseconds between two looks. Default 10. */
  readonly every?: number
  /** What is waited for, for the error message. */
  readonly what?: string
}

type Falsy = false | 0 | '' | null | undefined

/**
 * Calls `condition` until it returns something truthy, and resolves with that. A condition that throws counts as not met,
 * so an assertion can be the condition. Rejects after `timeout`, with the last thing thrown as `cause`.
 */
export async function waitFor<T>(condition: () => T | Promise<T>, options: WaitOptions = {}): Promise<Exclude<T, Falsy>> {
  const { timeout = 20_000, every = 10, what = 'the condition' } = options
  const deadline = performance.now() + timeout
  let cause: unknown
  for (;;) {
    try {
      cause = undefined
      const value = await condition()
      if (value) return value as Exclude<T, Falsy>
    } catch (thrown) {
      cause = thrown
    }
    if (performance.now() >= deadline) {
      const reason = cause instanceof Error ? ` ${cause.message}` : ''
      throw new Error(`Waited ${timeout} ms for ${what} in vain.${reason}`, { cause })
    }
    await new Promise((resolve) => setTimeout(resolve, every))
  }
}
