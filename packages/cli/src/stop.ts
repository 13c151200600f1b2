import { EXIT } from './exit.ts'
import type { Io } from './io.ts'

/** The wish to stop. */
export interface Stop {
  /** Resolves with the first request to stop. */
  readonly asked: Promise<void>
  release(): void
}

/** Waits for SIGINT or SIGTERM. The first one asks for an orderly end, the second one gets it at once. */
export function stopOf(io: Io): Stop {
  let release = (): void => {}
  const asked = new Promise<void>((resolve) => {
    let count = 0
    release = io.onStop(() => {
      count += 1
      if (count === 1) resolve()
      else io.exit(EXIT.failure)
    })
  })
  return { asked, release: () => release() }
}
