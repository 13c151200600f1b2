import { dirname } from 'node:path'
import { realpath } from 'node:fs/promises'
import { watch, type FSWatcher } from 'node:fs'

/** How often is looked where the system tells nothing: network mounts, folders that were replaced. Milliseconds. */
const LOOK_MS = 2_000
/** A file is often written in several pieces. Milliseconds. */
const SETTLE_MS = 50
/** One that is written all the time is read nevertheless. Milliseconds. */
const LONGEST_SETTLE_MS = 1_000

/** Tells when a file may have changed, whether it was written, replaced, swapped behind a link, or has appeared. */
export class Touches implements Disposable {
  readonly #path: string
  readonly #lookMs: number
  readonly #watchers: FSWatcher[] = []

  /** `lookMs` is how often is looked where the system tells nothing. Milliseconds, default two seconds. */
  constructor(path: string, lookMs = LOOK_MS) {
    this.#path = path
    this.#lookMs = lookMs
  }

  /** Resolves as soon as touches are seen; `touched` at the next one, or after a while without one, or when `signal` aborts. */
  async begin(signal: AbortSignal): Promise<{ readonly touched: Promise<void> }> {
    const folders = new Set([dirname(this.#path), await this.#realFolder()])
    const touched = new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        this[Symbol.dispose]()
        resolve()
      }
      let timer = setTimeout(end, this.#lookMs)
      let first: number | undefined
      const touch = (): void => {
        first ??= performance.now()
        clearTimeout(timer)
        timer = setTimeout(end, Math.max(0, Math.min(SETTLE_MS, first + LONGEST_SETTLE_MS - performance.now())))
      }
      signal.addEventListener('abort', end, { once: true })
      if (signal.aborted) return end()
      for (const folder of folders) this.#watch(folder, touch)
      return undefined
    })
    return { touched }
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close()
  }

  async #realFolder(): Promise<string> {
    try {
      return dirname(await realpath(this.#path))
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === undefined) throw thrown
      return dirname(this.#path)
    }
  }

  #watch(folder: string, touched: () => void): void {
    try {
      const watcher = watch(folder, { persistent: false }, touched)
      watcher.on('error', () => watcher.close())
      this.#watchers.push(watcher)
    } catch (thrown) {
      // Where the system cannot watch, looking from time to time is what is left.
      if ((thrown as NodeJS.ErrnoException).code === undefined) throw thrown
    }
  }
}
