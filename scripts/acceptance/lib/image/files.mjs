import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** All files and links below a folder, relative to it. */
export const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()

/** The files below a folder that hold one of these texts. */
export const holding = (folder, paths, texts) =>
  paths.filter((path) => {
    if (!lstatSync(join(folder, path)).isFile()) return false
    const bytes = readFileSync(join(folder, path))
    return texts.some((text) => bytes.includes(text))
  })
