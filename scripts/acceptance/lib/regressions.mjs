import { regressionRows } from '../../check/regressions.mjs'
import { filesTagged } from '../../check/titles.mjs'
import { requireGroup, runTests, tagged } from './run-tests.mjs'

// Every row of tests/regressions.json has a test titled [Rn], and all of them pass.
const tests = await runTests('regressions', { files: filesTagged(/^R\d+$/), pattern: String.raw`\[R\d+\]` })
for (const { row, title } of regressionRows()) {
  requireGroup(`[R${row}] ${title}`, tagged(tests, `R${row}`))
}
// What balancing, health, retries, reloading and closing promise is on the list: a row that is missing there would be missed by the loop above.
const RESILIENCE = [15, 29, 33, 34, 35, 36, 40]
const listed = regressionRows().map(({ row }) => row)
const unlisted = RESILIENCE.filter((row) => !listed.includes(row))
if (unlisted.length > 0) throw new Error(`tests/regressions.json lacks row ${unlisted.join(', ')}`)
