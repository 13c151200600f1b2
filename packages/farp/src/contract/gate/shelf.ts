import { messageOf } from '../../text.ts'
import { packRecord, unpackRecord } from './record.ts'
import { sha256 } from '../../manifest/checksum.ts'
import { sleep } from '@octopus-gateway/core'
import type { ContractRecord } from './record.ts'
import type { KeyValueStore, Logger } from '@octopus-gateway/core'

const PREFIX = 'farp/contracts/'
/** Before a store that failed is asked again, in milliseconds. */
const AGAIN = 5_000
/** How long a start waits for a store, in milliseconds. */
const PATIENCE = 5_000

/** What the shelf tells. */
export interface ShelfReader {
  /** `digest` tells this text of it from others. */
  restored(record: ContractRecord, digest: string): void
  /** All that the store had was told, or it cannot be had. */
  loaded(): void
}

/** The decisions in the gateway's store: those of earlier processes, and of other gateways. */
export class Shelf {
  readonly #store: KeyValueStore
  readonly #log: Logger
  readonly #reader: ShelfReader
  readonly #stopped = new AbortController()
  /** Of the texts that were seen last, by key: a text may have megabytes. */
  readonly #digests = new Map<string, string>()
  /** Writes of one key one after the other: the last decision is the one that stays. */
  #writing: Promise<unknown> = Promise.resolve()
  #isLoaded = false
  #hasRead = false

  constructor(store: KeyValueStore, log: Logger, reader: ShelfReader) {
    this.#store = store
    this.#log = log
    this.#reader = reader
    void this.#follow()
    void sleep(PATIENCE, this.#stopped.signal).then(() => this.#load())
  }

  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /** Whether the store was read. What is only assumed before is not written: it could take the place of a decision. */
  get hasRead(): boolean {
    return this.#hasRead
  }

  stop(): void {
    this.#stopped.abort()
  }

  /** Writes a record down. Resolves with the digest of its text, if there is one, also when that failed: then it counts until the process ends. */
  async put(record: ContractRecord): Promise<string | undefined> {
    const key = PREFIX + encodeURIComponent(record.line)
    const work = this.#writing.then(async () => {
      let digest: string | undefined
      try {
        const text = await packRecord(record)
        digest = sha256(text)
        this.#digests.set(key, digest)
        await this.#store.set(key, text)
      } catch (thrown) {
        this.#log.error('a contract could not be kept; the decision is lost when the process ends', {
          service: record.service,
          error: messageOf(thrown),
        })
      }
      return digest
    })
    this.#writing = work
    return work
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      try {
        for await (const entries of this.#store.watch(PREFIX, signal)) {
          for (const { key, value } of entries) await this.#read(key, value)
          if (!this.#hasRead) {
            this.#hasRead = true
            this.#isLoaded = true
            this.#reader.loaded()
          }
        }
      } catch (thrown) {
        this.#log.error('the contracts in the store cannot be read', { error: messageOf(thrown) })
      }
      await sleep(AGAIN, signal)
    }
  }

  async #read(key: string, text: string): Promise<void> {
    const digest = sha256(text)
    if (this.#digests.get(key) === digest) return
    this.#digests.set(key, digest)
    const record = await unpackRecord(text)
    if (this.#stopped.signal.aborted) return
    if (record === undefined) this.#log.warn('an entry of the store is no contract and is passed by', { key })
    else this.#reader.restored(record, digest)
  }

  #load(): void {
    if (this.#isLoaded || this.#stopped.signal.aborted) return
    this.#isLoaded = true
    this.#reader.loaded()
  }
}
