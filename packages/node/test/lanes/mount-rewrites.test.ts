import { HeaderList } from '@octopus-gateway/core'
import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { service } from '../support/upstreams.ts'
import type { Hooks, Plugin, Reply, RouteSet, RouteSource } from '@octopus-gateway/core'

function plugin(name: string, hooks: Hooks): Plugin {
  return { name, version: '1.0.0', identity: { name, version: '1.0.0', config: hooks }, setup: () => hooks }
}

/** A source that says one thing. */
function saying(set: RouteSet): RouteSource {
  return {
    name: 'fixed',
    async *watch(host) {
      yield [set]
      await new Promise((resolve) => host.signal.addEventListener('abort', resolve))
    },
  }
}

describeLanes('mount rewrites', (lane) => {
  test('[R38] a rewritten request is the request for the path it means: route, policies and target', async () => {
    const echo = await service((request, response) => void response.end(request.url))
    const seen: string[] = []
    const note = plugin('note', {
      onRequest(ctx): Reply | void {
        seen.push(ctx.request.target)
        if (ctx.request.target.startsWith('/users/admin')) return { status: 403, headers: new HeaderList(), body: null }
      },
    })
    const routes = ['/users/people', '/users/admin', '/users/v1x'].map((path) => ({
      path,
      upstream: 'users',
      methods: ['GET'],
      rewrite: { stripPrefix: '/users' },
    }))
    const { gateway, send } = await lane.start({
      upstreams: { own: [echo.origin] },
      routes: [{ path: '/users/v1/own', upstream: 'own' }],
      plugins: [note],
      sources: [
        saying({
          service: 'users',
          version: '1',
          routes,
          upstreams: { users: { endpoints: [echo.origin] } },
          rewrites: [
            {
              prefix: '/users',
              rules: [
                { pattern: '^/v1/(.*)$', replacement: '/$1' },
                { pattern: '^/up/(.*)$', replacement: '/../$1' },
              ],
            },
          ],
        }),
      ],
    })
    await gateway.synced
    const at = async (path: string, method = 'GET'): Promise<[number, string]> => {
      const { status, text } = await send({ path, method })
      return [status, status === 200 ? text : '']
    }
    expect(await at('/users/v1/people?q=/v1/')).toEqual([200, '/people?q=/v1/'])
    expect(await at('/users/people')).toEqual([200, '/people'])
    expect(await at('/users/v1/own')).toEqual([200, '/users/v1/own'])
    expect(await at('/users/up/people')).toEqual([400, ''])
    expect(await at('/users/v1/nobody')).toEqual([404, ''])
    expect(await at('/users/v1/people', 'POST')).toEqual([405, ''])
    // A policy that looks at paths sees the one that is served.
    expect((await at('/users/v1/admin'))[0]).toBe(403)
    expect(seen).toEqual(['/users/people?q=/v1/', '/users/people', '/users/v1/own', '/users/admin'])
  })
})
