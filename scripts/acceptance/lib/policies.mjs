import { requireGroup, runTests } from './run-tests.mjs'

const tests = await runTests('policies', { files: ['packages/node/test/lanes/matrix/', 'packages/plugins-jwt/test/'] })
for (const protocol of ['HTTP', 'SSE', 'WebSocket', 'gRPC']) {
  for (const policy of ['request_id', 'auth', 'rate_limit', 'cors', 'compression']) {
    const own = tests.filter(
      ({ title, ancestors }) => title.includes(policy) && ancestors.some((one) => one.includes(`policies on ${protocol} `)),
    )
    requireGroup(`${policy} on ${protocol}`, own)
  }
}
requireGroup(
  'jwt-auth on every lane',
  tests.filter(({ file }) => file.includes('/plugins-jwt/')),
  40,
)
