import { checkAdmin } from './admin.ts'
import { checkAdminTls } from './admin-tls.ts'
import { checkDiscovery } from './discovery.ts'
import { checkProbes } from './probes.ts'
import { checkPush } from './push.ts'
import { checkSharedHealth } from './health.ts'
import { checkRoutes } from './routes.ts'
import { checkTls } from './tls.ts'
import { checkUpstreams } from './upstreams.ts'
import type { Draft } from './draft.ts'
import type { Problem } from '../report/issues.ts'

/** Finds what no key can see alone: names that nobody has, things given twice, keys that contradict each other. */
export function check(draft: Draft): Problem[] {
  return [
    ...checkDiscovery(draft),
    ...checkUpstreams(draft),
    ...checkSharedHealth(draft),
    ...checkRoutes(draft),
    ...checkAdmin(draft),
    ...checkAdminTls(draft),
    ...checkPush(draft),
    ...checkTls(draft),
    ...checkProbes(draft),
  ]
}
