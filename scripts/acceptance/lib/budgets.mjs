import { BUDGETS } from '../../../bench/lib/budgets.mjs'
import { kept } from '../../../bench/lib/results.mjs'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../lib/workspace.mjs'

// Every budget has a measured figure in bench/results that bench/RESULTS.md tells. The figures are made by npm run bench; measuring takes a quiet
// machine and minutes, so this script reads what was measured last. A budget that was missed is named, here and there: another run may differ by
// its noise.
const results = kept()
const text = readFileSync(join(ROOT, 'bench/RESULTS.md'), 'utf8')

function verdict(fine, what) {
  console.log(`${fine ? 'ok  ' : 'FAIL'} ${what}`)
  if (!fine) process.exitCode = 1
}

for (const { what, scenario, budget, figure } of BUDGETS) {
  const result = results.get(scenario)
  const found = result === undefined ? null : figure(result.data)
  if (found === null) {
    verdict(false, `${what} (${budget}): not measured`)
    continue
  }
  verdict(true, `${what} (${budget}): ${found.text}, ${found.verdict}`)
  verdict(text.includes(`| ${what} | ${budget} | ${found.text} | ${found.verdict} |`), `bench/RESULTS.md says so: ${what}`)
  if (found.verdict === 'MISSED') console.log(`MISSED ${what}`)
}
// Measured once, over all that there is, each by a program of its own.
const WHOLE = new Map([
  ['transfer', 'large transfers'],
  ['discovery-scale', 'large registries'],
])
for (const [scenario, what] of WHOLE) verdict(results.has(scenario), `${what} are measured`)
for (const { rounds, seconds, scenario } of results.values())
  if (!WHOLE.has(scenario)) verdict(rounds >= 7 && seconds >= 2, `${scenario}: ${rounds} rounds of ${seconds} s`)
