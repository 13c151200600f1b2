import '../lib/node-version.mjs'
import { main } from '../lib/say.mjs'
import { checks } from './index.mjs'

// npm run check [-- arrows licences ...]: the named checks, or all of them. Every finding is printed; any but a warning fails.
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in checks))

async function runCheck({ promise, run, warns }) {
  const problems = await run()
  const verdict = problems.length === 0 ? 'ok  ' : warns ? 'warn' : 'FAIL'
  console.log(`${verdict} ${promise}`)
  for (const problem of problems) console.log(`     ${problem}`)
  return problems.length > 0 && warns !== true
}

await main(async () => {
  if (unknown.length > 0) {
    console.error(`There is no check named ${unknown.join(', ')}. The checks: ${Object.keys(checks).join(', ')}.`)
    process.exitCode = 2
    return
  }
  for (const name of wanted.length > 0 ? wanted : Object.keys(checks)) {
    if (await runCheck(checks[name])) process.exitCode = 1
  }
})
