import { contentOf, digestOf } from './digest.ts'
import { placesOf } from './places.ts'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { statSync, watch, type FSWatcher } from 'node:fs'
import type { Reads } from './loader.ts'

/** How long files are left alone before they are looked at: several are often written one after the other. */
const SETTLE_MS = 100
/** A file that is written all the time is looked at nevertheless. */
const LONGEST_SETTLE_MS = 2_000
/** How often files are looked at where the system tells nothing: network mounts, folders that were replaced. */
const POLL_MS = 5_000
/** Editors and copying take a file away or empty it for a moment; what stays away is a change. */
const GONE_MS = 1_000
const RECHECK_MS = 100

/** How to watch. Times are in milliseconds. */
export interface FileWatchOptions {
  /** Called when what is in the files is not what was read. Nothing more is told until `use` is called again. */
  changed(files: readonly string[]): void
  /** Default 5000. */
  readonly pollMs?: number
}

/** Notices when files have other contents than those that were read, whichever way they came there. */
export class FileWatch implements Disposable {
  readonly #options: FileWatchOptions
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>()
  readonly #polling: ReturnType<typeof setInterval>
  /** Names that matter, by folder. */
  #names: ReadonlyMap<string, ReadonlySet<string>> = new Map()
  #reads: Reads = { files: new Map(), folders: [] }
  #timer: ReturnType<typeof setTimeout> | undefined
  #firstTouch = 0
  #gone: { readonly since: number; readonly what: string } | null = null
  #checking = false
  #isTold = true
  #isStopped = false

  constructor(options: FileWatchOptions) {
    this.#options = options
    this.#polling = setInterval(() => void this.#check(), options.pollMs ?? POLL_MS).unref()
  }

  /** These files were read and are what runs. Also looks at once whether they have changed since. */
  async use(reads: Reads): Promise<void> {
    this.#reads = reads
    this.#isTold = false
    this.#gone = null
    await this.#rewire()
    this.#touch()
  }

  [Symbol.dispose](): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    clearInterval(this.#polling)
    for (const { watcher } of this.#watchers.values()) watcher.close()
  }

  async #rewire(): Promise<void> {
    const { files, folders } = this.#reads
    const places = (await Promise.all([...files.keys(), ...folders].map(placesOf))).flat()
    const names = new Map<string, Set<string>>()
    for (const { folder, name } of places) names.set(folder, (names.get(folder) ?? new Set()).add(name))
    for (const folder of folders) if (!names.has(folder)) names.set(folder, new Set())
    if (this.#isStopped) return
    this.#names = names
    for (const [folder, { watcher, inode }] of this.#watchers) {
      // A folder of the same name that is another one now.
      if (names.has(folder) && statSync(folder, { throwIfNoEntry: false })?.ino === inode) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of names.keys()) this.#watchFolder(folder)
  }

  #watchFolder(folder: string): void {
    if (this.#watchers.has(folder)) return
    try {
      const inode = statSync(folder).ino
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || this.#concerns(folder, name)) this.#touch()
      })
      watcher.on('error', () => {
        watcher.close()
        if (this.#watchers.get(folder)?.watcher === watcher) this.#watchers.delete(folder)
      })
      this.#watchers.set(folder, { watcher, inode })
    } catch (thrown) {
      // Where the system cannot watch, or the folder is away, looking from time to time is what is left.
      if ((thrown as NodeJS.ErrnoException).code === undefined) throw thrown
    }
  }

  #concerns(folder: string, name: string): boolean {
    if (this.#names.get(folder)?.has(name) === true) return true
    return isYaml(name) && this.#reads.folders.includes(folder)
  }

  #touch(wait = SETTLE_MS): void {
    if (this.#isStopped) return
    const now = performance.now()
    if (this.#timer === undefined) this.#firstTouch = now
    clearTimeout(this.#timer)
    const left = this.#firstTouch + LONGEST_SETTLE_MS - now
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        void this.#check()
      },
      Math.max(0, Math.min(wait, left)),
    ).unref()
  }

  async #check(): Promise<void> {
    if (this.#isStopped || this.#isTold) return
    if (this.#checking) return this.#touch()
    this.#checking = true
    const reads = this.#reads
    try {
      const { changed, gone } = await look(reads)
      await this.#rewire()
      if (this.#isStopped || this.#isTold || reads !== this.#reads) return
      if (gone !== '') {
        if (this.#gone?.what !== gone) this.#gone = { since: performance.now(), what: gone }
        if (performance.now() - this.#gone.since < GONE_MS) return this.#touch(RECHECK_MS)
      }
      if (changed.length === 0) return
      this.#isTold = true
      this.#options.changed(changed)
    } finally {
      this.#checking = false
    }
  }
}

/** What has other contents now, and what of it is away or empty. */
async function look({ files, folders }: Reads): Promise<{ readonly changed: string[]; readonly gone: string }> {
  const changed: string[] = []
  const gone: string[] = []
  for (const [file, digest] of files) {
    const now = await contentOf(file)
    if (now === digest) continue
    changed.push(file)
    if (now === '' || now === EMPTY) gone.push(file)
  }
  for (const folder of folders) {
    for (const name of await namesIn(folder)) if (isYaml(name) && !files.has(join(folder, name))) changed.push(join(folder, name))
  }
  return { changed, gone: gone.join('\n') }
}

const EMPTY = digestOf('')

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === undefined) throw thrown
    return []
  }
}

function isYaml(name: string): boolean {
  return /\.ya?ml$/.test(name)
}
