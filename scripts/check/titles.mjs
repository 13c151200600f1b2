import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { ROOT } from '../lib/workspace.mjs'
import { testFiles } from './sources.mjs'

/** What stands in brackets at the beginning of a title: `[R14] [F12.1.ports] …` gives `R14` and `F12.1.ports`. */
export function tagsOfTitle(title) {
  return [...(/^(?:\[[\w.-]+\]\s*)+/.exec(title)?.[0] ?? '').matchAll(/[\w.-]+/g)].map(([tag]) => tag)
}

/** Every tag with the test files that have it in front of a title. */
export function taggedFiles() {
  const files = new Map()
  for (const file of testFiles()) {
    for (const [, title] of readFileSync(file, 'utf8').matchAll(/['"`]((?:\[[\w.-]+\]\s*)+)/g)) {
      for (const tag of tagsOfTitle(title)) files.set(tag, (files.get(tag) ?? new Set()).add(file))
    }
  }
  return files
}

/** The test files that have a tag of this kind in front of a title, as vitest takes them. */
export function filesTagged(kind) {
  const files = [...taggedFiles()].filter(([tag]) => kind.test(tag)).flatMap(([, own]) => [...own])
  return [...new Set(files)].map((file) => relative(ROOT, file))
}

/** One line for each of `{ tag, title }` that no test begins with; `counts` says which files count. */
export function untested(wanted, counts = () => true) {
  const files = taggedFiles()
  return wanted
    .filter(({ tag }) => ![...(files.get(tag) ?? [])].some(counts))
    .map(({ tag, title }) => `no test is titled [${tag}]: ${title}`)
}
