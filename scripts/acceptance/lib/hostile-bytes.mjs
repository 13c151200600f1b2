import { requireGroup, runTests } from './run-tests.mjs'

const tests = await runTests('hostile-bytes', {
  files: ['packages/node/test/corpus/', 'packages/node/test/http2/hostile', 'packages/node/test/malformed'],
})
requireGroup(
  'HTTP/1.1 in raw bytes, before an origin that records what arrives',
  tests.filter(({ file }) => file.includes('/corpus/')),
  120,
)
requireGroup(
  'HTTP/2 in raw frames',
  tests.filter(({ file }) => file.includes('/hostile')),
  40,
)
requireGroup(
  'malformed messages and connections',
  tests.filter(({ file }) => file.includes('/malformed')),
  15,
)
