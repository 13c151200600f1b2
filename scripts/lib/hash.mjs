import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Every file below a folder, in a stable order; nothing when it does not exist. */
export function filesBelow(dir, accept = () => true) {
  if (!existsSync(dir)) return []
  return readdirSync(dir, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(dir, entry.name)
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(path, accept)
      return accept(path) ? [path] : []
    })
}

/** One digest of files' names and contents, and of further texts. */
export function digest(files, texts = []) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(file).update('\0').update(readFileSync(file)).update('\0')
  for (const text of texts) hash.update(text).update('\0')
  return hash.digest('hex')
}
