import type { Writable } from 'node:stream'

/** What may wait for a slow reader of the log; what comes beyond it is dropped and counted. */
const LIMIT_BYTES = 8 * 1024 * 1024

/**
 * Writes lines in batches: one write per turn of the event loop, one in flight. A log nobody reads never blocks a request; lines that do not fit
 * are dropped, and their number is told when there is room again.
 */
export class BatchedWriter {
  readonly #stream: Writable
  #lines = ''
  #isScheduled = false
  #isWriting = false
  #dropped = 0
  #idle: (() => void)[] = []

  constructor(stream: Writable) {
    this.#stream = stream
    stream.on('error', () => {
      // Nowhere left to tell: the reader of the log is gone. Requests go on.
      this.#isWriting = false
      this.#lines = ''
    })
  }

  write(line: string): void {
    if (this.#lines.length + line.length > LIMIT_BYTES) {
      this.#dropped += 1
      return
    }
    this.#lines += line
    this.#schedule()
  }

  /** Resolves when everything written so far has left the process. */
  flush(): Promise<void> {
    if (this.#lines === '' && !this.#isWriting) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isWriting) return
    this.#isScheduled = true
    setImmediate(() => this.#send())
  }

  #send(): void {
    this.#isScheduled = false
    let batch = this.#lines
    this.#lines = ''
    if (this.#dropped > 0) {
      batch += `${JSON.stringify({ timestamp: new Date().toISOString(), level: 'warn', message: 'log lines dropped', count: this.#dropped })}\n`
      this.#dropped = 0
    }
    if (batch === '') {
      for (const resolve of this.#idle.splice(0)) resolve()
      return
    }
    this.#isWriting = true
    this.#stream.write(batch, () => {
      this.#isWriting = false
      this.#send()
    })
  }
}
