import { requireGroup, runTests } from './run-tests.mjs'

requireGroup(
  'middleware and plugins, with a module by path',
  await runTests('mission-policies', { files: ['packages/cli/test/mission.test.ts'] }),
)
