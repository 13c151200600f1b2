import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkSnippet } from './support/check-snippet.ts'
import { root } from './support/process.ts'
import { documents, snippetsOf } from './support/snippets.ts'

test('the documents that people look for first are there', () => {
  const missing = ['README.md', 'AGENTS.md', 'CONTRIBUTING.md', 'LICENSE-MIT', 'LICENSE-APACHE'].filter(
    (name) => !existsSync(join(root, name)),
  )
  expect(missing).toEqual([])
})

describe.each(documents())('%s', (document) => {
  const snippets = snippetsOf(document)

  test('every block does what the text says', async () => {
    const problems = await Promise.all(snippets.map(checkSnippet))
    expect(problems.flat()).toEqual([])
  })

  test('every link into the repository leads somewhere', () => {
    const text = readFileSync(join(root, document), 'utf8').replace(/```[\s\S]*?```/g, '')
    const targets = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)].map((match) => match[1]!)
    expect(targets.filter((target) => !existsSync(join(root, dirname(document), target)))).toEqual([])
  })
})
