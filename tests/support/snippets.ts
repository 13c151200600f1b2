import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './process.ts'

/** A fenced block of a document. */
export interface Snippet {
  /** `README.md:41`, the line of its fence. */
  readonly where: string
  readonly language: string
  readonly text: string
  /** What the comment above it says: `source path`, `part`, `program`, `types`, `other, why`. */
  readonly note: string | undefined
}

function markdownBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules' && entry.name !== 'dist')
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return markdownBelow(path)
      return entry.name.endsWith('.md') && entry.name !== 'CHANGELOG.md' ? [path] : []
    })
}

/** Every document that people read: the root's, `docs/`, and those of packages and examples. */
export function documents(): string[] {
  const top = readdirSync(root).filter((name) => name.endsWith('.md'))
  return [...top, ...['docs', 'packages', 'examples', 'bench'].flatMap(markdownBelow)].sort()
}

/**
 * The fenced blocks of a document. A comment on the line above a block's fence says how it is tested where the language does not:
 * `<!-- snippet: source examples/x/src/index.ts -->` is that file, or a part of it;
 * `<!-- snippet: part -->` is a YAML fragment that is merged over the smallest configuration;
 * `<!-- snippet: program -->` is TypeScript that is run to its end, as all TypeScript of the README is;
 * `<!-- snippet: types -->` is TypeScript of the README that is only compiled;
 * `<!-- snippet: other, why -->` is not tested, for the reason given.
 */
export function snippetsOf(document: string): Snippet[] {
  const lines = readFileSync(join(root, document), 'utf8').split('\n')
  const found: Snippet[] = []
  for (let start = 0; start < lines.length; start++) {
    const fence = /^(\s*)```(\w+)\s*$/.exec(lines[start]!)
    if (fence === null) continue
    const end = lines.findIndex((line, index) => index > start && line.trim() === '```')
    if (end === -1) throw new Error(`${document}:${start + 1}: the block has no end`)
    const text = lines.slice(start + 1, end).map((line) => line.slice(fence[1]!.length))
    const note = /^\s*<!-- snippet: (.*) -->\s*$/.exec(lines[start - 1] ?? '')?.[1]
    found.push({ where: `${document}:${start + 1}`, language: fence[2]!, text: `${text.join('\n')}\n`, note })
    start = end
  }
  return found
}

/** Commands of a block for a terminal, `$ ` and continued lines undone, comments left out. */
export function commandsOf(text: string): string[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) =>
      line
        .replace(/^\$ /, '')
        .replace(/\s+# .*$/, '')
        .trim(),
    )
    .filter((line) => line !== '' && !line.startsWith('#'))
}
