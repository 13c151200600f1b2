import { requireGroup, runTests } from './run-tests.mjs'

// OCTOPUS_FUZZ says how many (the script sets it to OCTOPUS_FUZZ_RUNS), OCTOPUS_FUZZ_SEED which ones.
const runs = process.env.OCTOPUS_FUZZ ?? '1500'
const started = performance.now()
const tests = await runTests('farp-fuzz', { files: ['packages/farp/test/fuzz.test.ts'] })
requireGroup(`${runs} mutants in ${Math.round((performance.now() - started) / 1000)} s`, tests)
