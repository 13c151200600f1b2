import { regressionRows, rowsOfTitle } from '../../check/regressions.mjs'
import { requireGroups, runTests } from './run-tests.mjs'

// Every row of tests/regressions.json has a test titled [Rn], and all of them pass.
const tests = await runTests('regressions', String.raw`\[R\d+\]`)
const groups = regressionRows().map(({ row, title }) => ({ key: row, what: `[R${row}] ${title}` }))
requireGroups(groups, tests, ({ title, ancestors }, row) => [title, ...ancestors].some((one) => rowsOfTitle(one).includes(row)))
