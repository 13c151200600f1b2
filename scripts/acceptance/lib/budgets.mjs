import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../lib/workspace.mjs'

// bench/RESULTS.md has a measured figure for everything that has a budget. The figures are made by npm run bench; measuring takes a quiet machine and
// minutes, so this script reads what was measured last. A budget that was missed is named, here and there: another run may differ by its noise.
const WANTED = [
  'GET 200 B, no policies, metrics and log off',
  'GET 200 B, metrics and access log',
  'POST 1 KiB, metrics and access log',
  'GET 64 KiB, metrics and access log',
  'GET 200 B on the web lane',
  'POST 1 KiB on the web lane',
  '| p99 |',
  'Resident memory',
]
const SECTIONS = ['http', 'router', 'transfer']

const path = join(ROOT, 'bench/RESULTS.md')
if (!existsSync(path)) throw new Error('bench/RESULTS.md is missing; npm run bench writes it')
const text = readFileSync(path, 'utf8')
const lines = text.split('\n')

function verdict(fine, what) {
  console.log(`${fine ? 'ok  ' : 'FAIL'} ${what}`)
  if (!fine) process.exitCode = 1
}

for (const what of WANTED)
  verdict(
    lines.some((line) => line.includes(what) && /\d\.\d|\d+ MiB/.test(line)),
    `a figure for: ${what.replaceAll('|', '').trim()}`,
  )
for (const section of SECTIONS) {
  const [, after = ''] = text.split(`<!-- ${section} -->`)
  verdict(/\d/.test(after.split(`<!-- /${section} -->`)[0]), `a measured section: ${section}`)
}
for (const line of lines.filter((one) => one.includes('MISSED'))) console.log(`MISSED ${line.trim()}`)
