import { join } from 'node:path'
import { ROOT, readJson } from '../lib/workspace.mjs'
import { untested } from './titles.mjs'

/** What FARP demands against hostile documents, one entry for each demand of a row: `F12.1.redirects`. */
export function pitfalls() {
  return readJson(join(ROOT, 'tests/farp-pitfalls.json')).flatMap(({ row, demands }) =>
    Object.entries(demands).map(([name, title]) => ({ tag: `F12.${row}.${name}`, title })),
  )
}

/** What a gateway has to have shown end to end: `F13.forge-push`. */
export function acceptance() {
  return readJson(join(ROOT, 'tests/farp-acceptance.json')).map(({ name, title }) => ({ tag: `F13.${name}`, title }))
}

/** Every demand has a test whose title begins with it, and what is to be shown end to end is shown through a running gateway. */
export function farp() {
  return [...untested(pitfalls()), ...untested(acceptance(), (file) => /\/packages\/[^/]+\/test\//.test(file))]
}
