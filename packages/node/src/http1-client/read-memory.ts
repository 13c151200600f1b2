/** Bytes of one read. */
export const READ_BYTES = 64 * 1024
/** From this size on a read is worth memory of its own that is handed on; below it copying is cheaper than keeping so much for so little. */
const BULK_BYTES = 32 * 1024

/** Where connections read when little comes: what is in it is copied or understood before the next read. */
const SHARED = Buffer.allocUnsafeSlow(READ_BYTES)

/** The memory that one connection reads into: shared with all others, or its own while a large body comes. */
export class ReadMemory {
  #own: Buffer | null = null
  #isBulk = false

  /** For the next read. */
  next(): Buffer {
    if (!this.#isBulk) return SHARED
    return (this.#own ??= Buffer.allocUnsafeSlow(READ_BYTES))
  }

  filled(bytes: number): void {
    this.#isBulk = bytes >= BULK_BYTES
    if (!this.#isBulk && bytes < BULK_BYTES / 4) this.#own = null
  }

  /** A part of what was read, as memory that stays as it is. */
  take(read: Buffer, from: number, to: number): Buffer {
    if (read === this.#own && to - from >= BULK_BYTES / 2) {
      this.#own = null
      return read.subarray(from, to)
    }
    const copy = Buffer.allocUnsafe(to - from)
    read.copy(copy, 0, from, to)
    return copy
  }

  /** Nothing large is expected any more. */
  reset(): void {
    this.#own = null
    this.#isBulk = false
  }
}
