import { auth } from '@octopus-gateway/core/plugins'
import { describeLanes } from '../support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { startService } from '@octopus-gateway/testing'
import { TokenProvider, who } from '../../../../core/test/support/auth.ts'
import type { RouteAuth, RouteDefinition } from '@octopus-gateway/core'

describeLanes('what routes demand', (lane) => {
  test('[R2] permissions, several groups of rights, and routes for nobody', async () => {
    await using service = await startService({ handler: (_request, response) => void response.end('through') })
    const claims = { permissions: ['users:read'] }
    const tokens = { ann: who('ann', { roles: ['user', 'admin'], claims }), bob: who('bob', { roles: ['user'] }) }
    const demands: Readonly<Record<string, 'nobody' | RouteAuth>> = {
      permitted: { permissions: ['users:read'] },
      grouped: { roles: ['user'], every: [{ roles: ['admin', 'root'] }] },
      closed: 'nobody',
    }
    const { send } = await lane.start({
      upstreams: { up: [service.origin] },
      routes: Object.entries(demands).map(([name, demand]): RouteDefinition => ({ path: `/${name}`, upstream: 'up', auth: demand })),
      plugins: [auth({ providers: [new TokenProvider('main', tokens)], required: false })],
    })
    const statuses: Record<string, readonly number[]> = {}
    for (const name of Object.keys(demands)) {
      const found: number[] = []
      for (const token of [undefined, 'bob', 'ann']) {
        const headers: [string, string][] = token === undefined ? [] : [['authorization', `Bearer ${token}`]]
        found.push((await send({ path: `/${name}`, headers })).status)
      }
      statuses[name] = found
    }
    expect(statuses).toEqual({ permitted: [401, 403, 200], grouped: [401, 403, 200], closed: [503, 503, 503] })
    expect(service.requests).toHaveLength(2)
  })
})
