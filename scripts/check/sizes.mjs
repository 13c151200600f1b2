import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../lib/workspace.mjs'
import { isTest, shown, typescriptBelow } from './sources.mjs'

const MOST = 400

/** Files that have grown past reading at once. A smell to look at, not a law. */
export function sizes() {
  return typescriptBelow(join(ROOT, 'packages'))
    .filter((file) => !isTest(file) && file.includes('/src/'))
    .map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > MOST)
    .map(({ file, lines }) => `${shown(file)} has ${lines} lines`)
}
