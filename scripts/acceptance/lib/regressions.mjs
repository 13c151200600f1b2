import { regressionRows, rowsOfTitle } from '../../check/regressions.mjs'
import { requireGroup, runTests } from './run-tests.mjs'

// Every row of tests/regressions.json has a test titled [Rn], and all of them pass.
const tests = await runTests('regressions', { pattern: String.raw`\[R\d+\]` })
for (const { row, title } of regressionRows()) {
  const own = tests.filter((test) => [test.title, ...test.ancestors].some((one) => rowsOfTitle(one).includes(row)))
  requireGroup(`[R${row}] ${title}`, own)
}
