import { mkdir, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { checkEntry, sameEntries, silentLogger, sleep } from '@octopus-gateway/core'
import { isStray, kept, nameOf, parseKept } from './entry-file.ts'
import { writeWhole } from './write-whole.ts'
import type { KeptEntry } from './entry-file.ts'
import type { KeyValueStore, Logger, StoreEntry } from '@octopus-gateway/core'

/** How a folder is kept. */
export interface FileStoreOptions {
  /** Told of files that cannot be used. Default: nobody. */
  readonly log?: Logger
  /** How often a watcher looks for what other processes wrote, in milliseconds. Default 1000. */
  readonly pollInterval?: number
}

/**
 * A store in a folder, one file per entry, so that processes on one volume share it without losing each other's entries. The folder is made at the
 * first write, for this user alone (0700, files 0600). Every write is in a file of its own, flushed to the disk and put in place by one rename.
 * What cannot be read, or was not written by a store, is told to the log once and left alone; it never counts as an entry.
 */
export function fileStore(folder: string, options: FileStoreOptions = {}): KeyValueStore {
  return new FileStore(folder, options)
}

/** What a file was when it was read last. */
interface Seen {
  readonly stamp: string
  readonly entry: KeptEntry | undefined
}

/** Files that are read at the same time. */
const BATCH = 32
/** Polls after a change of the folder in which it counts as changed once more: its time may be too coarse for two changes. */
const DOUBT = 2

class FileStore implements KeyValueStore {
  readonly #folder: string
  readonly #log: Logger
  readonly #pollInterval: number
  #seen = new Map<string, Seen>()
  #scanning: Promise<readonly KeptEntry[]> | undefined
  #wake = new Set<() => void>()
  #isComplained = false

  constructor(folder: string, { log = silentLogger, pollInterval = 1000 }: FileStoreOptions) {
    this.#folder = folder
    this.#log = log
    this.#pollInterval = pollInterval
  }

  async get(key: string): Promise<string | undefined> {
    const name = nameOf(key)
    const text = await readIfThere(join(this.#folder, name))
    const entry = text === undefined ? undefined : parseKept(text, name)
    return entry !== undefined && isLive(entry) ? entry.value : undefined
  }

  async set(key: string, value: string, { ttl }: { readonly ttl?: number } = {}): Promise<void> {
    checkEntry(key, value)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await writeWhole(this.#folder, nameOf(key), kept({ key, value, expires: ttl === undefined ? undefined : Date.now() + ttl }))
    this.#changed()
  }

  async delete(key: string): Promise<boolean> {
    const wasThere = (await this.get(key)) !== undefined
    const isGone = await unlinkIfThere(join(this.#folder, nameOf(key)))
    if (isGone) this.#changed()
    return wasThere && isGone
  }

  async list(prefix: string): Promise<readonly StoreEntry[]> {
    return under(prefix, await this.#scan())
  }

  async *watch(prefix: string, signal: AbortSignal): AsyncGenerator<readonly StoreEntry[], void, undefined> {
    let last: readonly StoreEntry[] | undefined
    let all: readonly KeptEntry[] = []
    let folderTime: bigint | undefined
    let doubts = 0
    let isWoken = true
    while (!signal.aborted) {
      const time = await timeOf(this.#folder)
      if (time !== folderTime || isWoken) doubts = DOUBT + 1
      folderTime = time
      const start = performance.now()
      if (doubts > 0) all = await this.#scan()
      const cost = performance.now() - start
      doubts = Math.max(0, doubts - 1)
      const entries = under(prefix, all)
      if (last === undefined || !sameEntries(last, entries)) {
        last = entries
        if (signal.aborted) return
        yield entries
      }
      isWoken = await this.#pause(signal)
      // A burst of writes is one change: scans are to cost a fifth of the time at most.
      if (isWoken) await sleep(Math.min(this.#pollInterval, 5 + 4 * cost), signal)
    }
  }

  /** All entries. A scan that is under way may have passed what was written since: each call waits for one that began after it. */
  async #scan(): Promise<readonly KeptEntry[]> {
    const before = this.#scanning
    if (before !== undefined) {
      await before.catch(() => {})
      // Several that waited share the next one.
      if (this.#scanning !== before && this.#scanning !== undefined) return this.#scanning
    }
    const scan = this.#readAll()
    this.#scanning = scan
    try {
      return await scan
    } finally {
      if (this.#scanning === scan) this.#scanning = undefined
    }
  }

  async #readAll(): Promise<readonly KeptEntry[]> {
    const names = await this.#names()
    const seen = new Map<string, Seen>()
    for (let start = 0; start < names.length; start += BATCH) {
      await Promise.all(
        names.slice(start, start + BATCH).map(async (name) => {
          const read = await this.#read(name)
          if (read !== undefined) seen.set(name, read)
        }),
      )
    }
    this.#seen = seen
    const entries: KeptEntry[] = []
    for (const { entry } of seen.values()) if (entry !== undefined && isLive(entry)) entries.push(entry)
    return entries.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  async #names(): Promise<string[]> {
    try {
      const names = await readdir(this.#folder)
      for (const name of names) if (isStray(name)) await this.#sweep(name)
      return names.filter((name) => name.endsWith('.json'))
    } catch (thrown) {
      const { code, message } = thrown as NodeJS.ErrnoException
      if (code === 'ENOENT') return []
      if (code !== 'ENOTDIR') throw thrown
      if (!this.#isComplained) this.#log.error('the store is not a folder; nothing is kept', { path: this.#folder, error: message })
      this.#isComplained = true
      return []
    }
  }

  async #read(name: string): Promise<Seen | undefined> {
    const path = join(this.#folder, name)
    try {
      const { mtimeNs, size, ino } = await stat(path, { bigint: true })
      const stamp = `${mtimeNs} ${size} ${ino}`
      const known = this.#seen.get(name)
      if (known?.stamp === stamp) {
        if (known.entry !== undefined && !isLive(known.entry)) await this.#expire(path, name)
        return known
      }
      const entry = parseKept(await readFile(path, 'utf8'), name)
      if (entry === undefined) this.#log.warn('a file in the store is no entry and is left alone', { path })
      return { stamp, entry }
    } catch (thrown) {
      const { code, message } = thrown as NodeJS.ErrnoException
      if (code === 'ENOENT') return undefined
      const known = this.#seen.get(name)
      const stamp = `unreadable ${code ?? ''}`
      if (known?.stamp !== stamp) this.#log.warn('a file in the store cannot be read and is left alone', { path, error: message })
      return { stamp, entry: undefined }
    }
  }

  /** Removes an entry whose time is over. It is moved aside first: another process may write it anew at this moment. */
  async #expire(path: string, name: string): Promise<void> {
    const aside = join(this.#folder, `.${name}.${process.pid}.${crypto.randomUUID()}.tmp`)
    try {
      await rename(path, aside)
      const moved = parseKept(await readFile(aside, 'utf8'), name)
      if (moved !== undefined && isLive(moved)) await rename(aside, path)
      else await unlink(aside)
    } catch (thrown) {
      // Another process was quicker.
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
    }
  }

  /** Writes that were cut short leave a file behind. */
  async #sweep(name: string): Promise<void> {
    const path = join(this.#folder, name)
    const time = await timeOf(path)
    if (time !== undefined && Date.now() - Number(time / 1_000_000n) > 3_600_000) await unlinkIfThere(path)
  }

  #changed(): void {
    const waiting = this.#wake
    this.#wake = new Set()
    for (const wake of waiting) wake()
  }

  /** Resolves after the poll interval, when `signal` aborts, or with `true` after a change made here. */
  async #pause(signal: AbortSignal): Promise<boolean> {
    const waiting = new AbortController()
    let isChanged = false
    const abort = (): void => waiting.abort()
    const wake = (): void => {
      isChanged = true
      waiting.abort()
    }
    this.#wake.add(wake)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    await sleep(this.#pollInterval, waiting.signal)
    signal.removeEventListener('abort', abort)
    this.#wake.delete(wake)
    return isChanged
  }
}

function under(prefix: string, entries: readonly KeptEntry[]): StoreEntry[] {
  return entries.filter((entry) => entry.key.startsWith(prefix) && isLive(entry)).map(({ key, value }) => ({ key, value }))
}

function isLive({ expires }: KeptEntry): boolean {
  return expires === undefined || expires > Date.now()
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (thrown) {
    return absent(thrown)
  }
}

async function unlinkIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path)
    return true
  } catch (thrown) {
    absent(thrown)
    return false
  }
}

async function timeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await stat(path, { bigint: true })).mtimeNs
  } catch (thrown) {
    return absent(thrown)
  }
}

/** Nothing when something is not there; every other failure is thrown on. */
function absent(thrown: unknown): undefined {
  const { code } = thrown as NodeJS.ErrnoException
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw thrown
  return undefined
}
