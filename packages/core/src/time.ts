/** A length of time: milliseconds as a number, or a text such as `250ms`, `5s`, `5m`, `1h`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`

const UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of a duration text, or `undefined` when it is not one (`5`, `-1s` and `1 s` are not). */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  if (match === null) return undefined
  return Number(match[1]) * UNIT[match[2]!]!
}

/** Milliseconds of a duration. Throws `TypeError` when the text is not a duration or the number is negative. */
export function toMilliseconds(duration: Duration): number {
  if (typeof duration === 'number') {
    if (!(duration >= 0)) throw new TypeError(`A duration is a number of milliseconds from 0 up, not ${duration}.`)
    return duration
  }
  const ms = parseDuration(duration)
  if (ms === undefined) throw new TypeError(`"${String(duration)}" is not a duration: write 250ms, 5s, 5m or 1h.`)
  return ms
}

/** Resolves after `ms` milliseconds, or at once when `signal` aborts. Never rejects. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    // A longer timer would fire at once.
    const timer = setTimeout(done, Math.min(ms, 2_147_483_647))
    signal?.addEventListener('abort', done)
  })
}
