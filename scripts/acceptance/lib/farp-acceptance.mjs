import { acceptance, farp, pitfalls } from '../../check/farp.mjs'
import { requireGroup, runTests, tagged } from './run-tests.mjs'
import { filesTagged, taggedFiles } from '../../check/titles.mjs'

// Every demand of tests/farp-pitfalls.json and tests/farp-acceptance.json has tests titled [F12.row.demand] or [F13.name], and all of them pass.
const KIND = /^F1[23]\./
const tests = await runTests('farp-acceptance', { files: filesTagged(KIND), pattern: String.raw`\[F1[23]\.` })
const wanted = [...pitfalls(), ...acceptance()]
for (const { tag, title } of wanted) requireGroup(`[${tag}] ${title}`, tagged(tests, tag))
for (const line of farp()) {
  console.log(`FAIL ${line}`)
  process.exitCode = 1
}
// A tag that stands nowhere on the lists is a misspelt one.
const known = new Set(wanted.map(({ tag }) => tag))
for (const tag of taggedFiles().keys()) {
  if (!KIND.test(tag) || known.has(tag)) continue
  console.log(`FAIL [${tag}] is in front of a test and on neither list`)
  process.exitCode = 1
}
