import { acceptedKeys } from './behaviour.ts'
import { expect, test } from 'vitest'
import { readdirSync, readFileSync } from 'node:fs'

const folder = new URL('.', import.meta.url)

/** The keys of every `behaviour('key', …)` of this folder. */
function testedKeys(): Set<string> {
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
  return new Set(texts.flatMap((text) => [...text.matchAll(/^ *behaviour\(\s*'([^']+)'/gm)].map((match) => match[1]!)))
}

test('[R31] every key that is accepted has a test of what it does', () => {
  const accepted = acceptedKeys()
  expect(accepted.length).toBeGreaterThan(60)
  const tested = testedKeys()
  expect(accepted.filter((key) => !tested.has(key))).toEqual([])
})
