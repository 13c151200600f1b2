import type { Writable } from 'node:stream'

/** What may wait for a slow reader of the log; what comes beyond it is dropped and counted. */
const LIMIT_BYTES = 8 * 1024 * 1024
/** A batch of this size is written at once. */
const BATCH_BYTES = 64 * 1024
/** How long a line waits for company. With a write in every turn of the event loop, the loop would never wait for more than one event. */
const BATCH_MS = 10

/**
 * Writes lines in batches, one write in flight. A log nobody reads never blocks a request; lines that do not fit are dropped, and their number is
 * told when there is room again.
 */
export class BatchedWriter {
  readonly #stream: Writable
  #lines: string[] = []
  #size = 0
  #timer: ReturnType<typeof setTimeout> | null = null
  #isWriting = false
  #dropped = 0
  #idle: (() => void)[] = []

  constructor(stream: Writable) {
    this.#stream = stream
    stream.on('error', () => {
      // Nowhere left to tell: the reader of the log is gone. Requests go on.
      this.#lines = []
      this.#size = 0
      this.#written()
    })
  }

  write(line: string): void {
    if (this.#size + line.length > LIMIT_BYTES) {
      this.#dropped += 1
      return
    }
    this.#lines.push(line)
    this.#size += line.length
    if (this.#isWriting) return
    if (this.#size >= BATCH_BYTES) this.#send()
    else this.#timer ??= setTimeout(() => this.#send(), BATCH_MS)
  }

  /** Resolves when everything written so far has left the process. */
  flush(): Promise<void> {
    if (this.#size === 0 && !this.#isWriting) return Promise.resolve()
    const written = new Promise<void>((resolve) => this.#idle.push(resolve))
    if (!this.#isWriting) this.#send()
    return written
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#dropped > 0) {
      this.#lines.push(
        `${JSON.stringify({ timestamp: new Date().toISOString(), level: 'warn', message: 'log lines dropped', count: this.#dropped })}\n`,
      )
      this.#dropped = 0
    }
    const batch = this.#lines.join('')
    this.#lines = []
    this.#size = 0
    this.#isWriting = true
    this.#stream.write(batch, () => this.#written())
  }

  #written(): void {
    this.#isWriting = false
    if (this.#size > 0) this.#send()
    else for (const resolve of this.#idle.splice(0)) resolve()
  }
}
