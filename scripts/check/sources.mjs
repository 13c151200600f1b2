import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesBelow } from '../lib/hash.mjs'
import { ROOT } from '../lib/workspace.mjs'

/** A path as messages show it. */
export const shown = (path) => path.replaceAll('\\', '/').replace(/^.*\/(packages|examples|tests)\//, '$1/')

export const isTest = (path) => /\.test(-d)?\.ts$/.test(path)

/** TypeScript files below a folder. */
export function typescriptBelow(dir) {
  return filesBelow(dir, (path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.includes('/dist/'))
}

/** Every test file of the repository. */
export function testFiles() {
  return ['packages', 'examples', 'tests'].flatMap((folder) => typescriptBelow(join(ROOT, folder)).filter(isTest))
}

/** Source text without comments, line breaks kept. Good enough for import lines and identifiers; not a parser. */
export function withoutComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).replace(/(^|[^:'"`\\])\/\/[^\n]*/g, '$1')
}

/** Every import of a file: `{ name, kind: 'value' | 'type' | 'dynamic' }`. */
export function importsOf(path) {
  const text = withoutComments(readFileSync(path, 'utf8'))
  const statements = [...text.matchAll(/^\s*(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?['"]([^'"\n]+)['"]/gm)]
  const dynamic = [...text.matchAll(/\bimport\(\s*['"]([^'"\n]+)['"]/g)]
  return [
    ...statements.map((match) => ({ name: match[2], kind: match[1] === undefined ? 'value' : 'type' })),
    ...dynamic.map((match) => ({ name: match[1], kind: 'dynamic' })),
  ]
}

/** `@scope/name/sub` and `name/sub` are imports of `@scope/name` and `name`. */
export function packageOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}
