import { basename, dirname } from 'node:path'
import { stat } from 'node:fs/promises'
import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'

/** How long files are left alone before they are read: a certificate and its key are written one after the other. */
const SETTLE_MS = 100
/** How often files are looked at where the system tells nothing: network mounts, folders that were replaced. */
const POLL_MS = 10_000

/**
 * Calls back after files may have changed. Folders are watched, not the files: renewals put new files and new symbolic links in the place of
 * the old ones, and Kubernetes swaps a link that the files only point through.
 */
export function watchFiles(files: readonly string[], changed: () => void, pollMs = POLL_MS): Disposable {
  let settling: ReturnType<typeof setTimeout> | undefined
  let isStopped = false
  const touch = (): void => {
    if (isStopped) return
    clearTimeout(settling)
    settling = setTimeout(changed, SETTLE_MS)
    settling.unref()
  }
  const watchers: FSWatcher[] = []
  for (const folder of new Set(files.map((file) => dirname(file)))) {
    const names = new Set(files.filter((file) => dirname(file) === folder).map((file) => basename(file)))
    const watcher = watchFolder(folder, (name) => {
      // A name of its own that starts with dots is how Kubernetes swaps a whole folder.
      if (name === null || names.has(name) || name.startsWith('..')) touch()
    })
    if (watcher !== undefined) watchers.push(watcher)
  }
  let seen: string | undefined
  const look = async (): Promise<void> => {
    const now = (await Promise.all(files.map(stateOf))).join('\n')
    if (seen !== undefined && now !== seen) touch()
    seen = now
  }
  void look()
  const polling = setInterval(() => void look(), pollMs)
  polling.unref()
  return {
    [Symbol.dispose]() {
      isStopped = true
      clearTimeout(settling)
      clearInterval(polling)
      for (const watcher of watchers) watcher.close()
    },
  }
}

/** `undefined` where the system cannot watch: then the poll alone tells. */
function watchFolder(folder: string, told: (name: string | null) => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => told(name))
    watcher.on('error', () => watcher.close())
    return watcher
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === undefined) throw thrown
    return undefined
  }
}

/** What of a file changes with its content, links followed. */
async function stateOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(file)
    return `${ino} ${size} ${mtimeMs}`
  } catch (thrown) {
    return String((thrown as NodeJS.ErrnoException).code)
  }
}
