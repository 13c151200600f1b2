import { describeLanes } from './support/describe-lanes.ts'
import { describe, expect, test } from 'vitest'
import { closedPort, hang, waitFor } from '@octopus-gateway/testing'
import { createGateway } from '@octopus-gateway/core'
import { rawOrigin, service } from '../support/upstreams.ts'
import type { Duration, Gateway, GatewayOptions, MirrorDefinition } from '@octopus-gateway/core'

/** Copies so far, by what became of them. */
function copies(gateway: Gateway): Readonly<Record<string, number>> {
  return Object.fromEntries(gateway.metrics.snapshot().mirrored.flatMap(([, outcomes]) => outcomes))
}

/** Waits until so many copies have come to their ends, and looks that nothing of them is left. */
async function over(gateway: Gateway, expected: Readonly<Record<string, number>>): Promise<void> {
  await waitFor(() => {
    expect(copies(gateway)).toEqual(expected)
    return true
  })
  for (const upstream of gateway.snapshot.upstreams.values()) for (const { active } of gateway.endpoints(upstream)) expect(active).toBe(0)
}

function mirrored(
  main: { readonly origin: string },
  mirror: string,
  { timeout = '10s', ...more }: Partial<MirrorDefinition> & { readonly timeout?: Duration } = {},
): GatewayOptions {
  return {
    upstreams: { main: [main.origin], next: { endpoints: [mirror], timeout } },
    routes: [{ path: '/*', upstream: 'main', rewrite: { addPrefix: '/v2' }, mirror: { upstream: 'next', ...more } }],
  }
}

describeLanes('mirrors', (lane) => {
  test('the mirror gets the request with its body, rewritten and marked', async () => {
    const [main, next] = await Promise.all([service({ name: 'main' }), service({ name: 'next' })])
    const { gateway, send } = await lane.start(mirrored(main, next.origin))
    const headers: [string, string][] = [
      ['X-Octopus-Mirrored', 'forged'],
      ['X-Kept', 'yes'],
    ]
    const answer = await send({ method: 'POST', path: '/a?b=1', headers, body: 'hello' })
    expect((JSON.parse(answer.text) as { readonly name: string }).name).toBe('main')
    await over(gateway, { answered: 1 })
    const [original] = main.requests
    const [copy] = next.requests
    expect([copy!.method, copy!.url, copy!.body]).toEqual(['POST', '/v2/a?b=1', 'hello'])
    expect(copy!.header('x-octopus-mirrored')).toBe('1')
    expect(original!.header('x-octopus-mirrored')).toBeUndefined()
    // `fetch` writes the host itself.
    for (const name of [...(lane.isNode ? ['host'] : []), 'x-kept', 'x-request-id', 'via'])
      expect(copy!.header(name)).toBe(original!.header(name))
    await send({ path: '/get' })
    await over(gateway, { answered: 2 })
    expect(next.requests[1]!.url).toBe('/v2/get')
  })

  test('a mirror that is down, hangs or breaks off changes nothing for the client', async () => {
    const main = await service({ name: 'main' })
    const silent = await rawOrigin(hang())
    const cut = await service((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('part', () => response.destroy())
    })
    const cases = [
      [`http://127.0.0.1:${await closedPort()}`, { failed: 1 }],
      [silent.origin, { timeout: 1 }],
      [cut.origin, { failed: 1 }],
    ] as const
    for (const [origin, outcome] of cases) {
      const { gateway, send } = await lane.start(mirrored(main, origin, { timeout: '150ms' }))
      expect((await send({ method: 'POST', body: 'hello' })).status).toBe(200)
      // The client had its answer before the copy ended.
      await over(gateway, outcome)
      expect(gateway.endpoints(gateway.snapshot.upstreams.get('next')!)[0]!.state).toBe('available')
    }
  })

  test('an answer without end is given up in time', async () => {
    const main = await service({ name: 'main' })
    const endless = await service((_request, response) => {
      response.writeHead(200)
      response.write('part')
    })
    const { gateway, send } = await lane.start(mirrored(main, endless.origin, { timeout: '150ms' }))
    expect((await send({})).status).toBe(200)
    await over(gateway, { timeout: 1 })
    await waitFor(() => endless.requests[0]!.state === 'aborted')
  })

  test('a body that is too long is not copied', async () => {
    const [main, next] = await Promise.all([service(), service()])
    const { gateway, send } = await lane.start(mirrored(main, next.origin, { maxBody: 10 }))
    expect((await send({ method: 'POST', body: 'x'.repeat(11) })).status).toBe(200)
    await over(gateway, { skipped_body: 1 })
    expect((await send({ method: 'POST', body: 'x'.repeat(10) })).status).toBe(200)
    await over(gateway, { skipped_body: 1, answered: 1 })
    expect(next.requests.map(({ bodyBytes }) => bodyBytes)).toEqual([10])
  })

  test('a request that fails is copied, too, once for all its attempts', async () => {
    const [first, second, next] = await Promise.all([
      service((_request, response) => void response.writeHead(503).end()),
      service((_request, response) => void response.writeHead(503).end()),
      service(),
    ])
    const { gateway, send } = await lane.start({
      upstreams: { main: [first.origin, second.origin], next: [next.origin] },
      routes: [{ path: '/*', upstream: 'main', mirror: { upstream: 'next' } }],
    })
    expect((await send({ method: 'PUT', body: 'hello' })).status).toBe(503)
    await over(gateway, { answered: 1 })
    expect(next.requests.map(({ body }) => body)).toEqual(['hello'])
    expect(gateway.metrics.snapshot().upstreams.map(([name]) => name)).toEqual(['main'])
  })

  test('subset and attempts of the request say nothing about the mirror', async () => {
    const both = await service()
    const { gateway, send } = await lane.start({
      upstreams: {
        main: { endpoints: [{ id: 'a', origin: both.origin, weight: 1, labels: { tier: 'gold' } }] },
        next: { endpoints: [{ id: 'a', origin: both.origin, weight: 1, labels: {} }] },
      },
      routes: [{ path: '/*', upstream: 'main', subset: { tier: 'gold' }, mirror: { upstream: 'next' } }],
    })
    expect((await send({})).status).toBe(200)
    await over(gateway, { answered: 1 })
    expect(both.requests.map((request) => request.header('x-octopus-mirrored'))).toEqual([undefined, '1'])
  })

  test('a share of the requests is copied', async () => {
    const [main, next] = await Promise.all([service(), service()])
    const { gateway, sendAlone } = await lane.start(mirrored(main, next.origin, { percent: 25 }))
    for (let i = 0; i < 200; i++) await sendAlone({}, 'it is left to chance')
    // 50 expected, standard deviation 6.1: out of five of them once in a million runs.
    await waitFor(() => copies(gateway).answered === next.requests.length)
    expect(Math.abs(next.requests.length - 50)).toBeLessThan(31)
  })
})

describe('mirrors', () => {
  test('more copies than may be under way are skipped, and a gateway that ends lets go of all', async () => {
    const main = await service((_request, response) => void response.end())
    const gateway = createGateway({
      upstreams: { main: [main.origin], next: ['http://127.0.0.1:1'] },
      routes: [{ path: '/*', upstream: 'main', mirror: { upstream: 'next' } }],
      // Nothing answers a copy.
      fetch: (input, init) =>
        String(input).startsWith(main.origin)
          ? Promise.resolve(new Response('ok'))
          : new Promise((_resolve, reject) => init!.signal!.addEventListener('abort', () => reject(init!.signal!.reason as Error))),
    })
    await gateway.ready
    for (let i = 0; i < 1_003; i++) expect((await gateway.request('/')).status).toBe(200)
    expect(copies(gateway)).toEqual({ skipped_busy: 3 })
    await gateway[Symbol.asyncDispose]()
    expect(copies(gateway)).toEqual({ skipped_busy: 3, failed: 1_000 })
  })

  test.each([
    [{ upstream: 'nxt' }, 'routes[0].mirror.upstream', 'dangling_upstream'],
    [{ upstream: 'next', percent: 101 }, 'routes[0].mirror.percent', 'invalid_value'],
    [{ upstream: 'next', maxBody: -1 }, 'routes[0].mirror.maxBody', 'invalid_value'],
    [{ upstream: 'here' }, 'routes[0].mirror', 'conflicting_keys'],
  ])('%j is refused', async (mirror, path, code) => {
    const gateway = createGateway({
      upstreams: { main: ['http://127.0.0.1:1'], next: ['http://127.0.0.1:2'], here: () => new Response() },
      routes: [{ path: '/*', upstream: 'main', mirror }],
    })
    await expect(gateway.ready).rejects.toMatchObject({ issues: [{ path, code }] })
  })

  test('a change of a mirror is a change of its route', async () => {
    const options = (percent: number): GatewayOptions => ({
      upstreams: { main: ['http://127.0.0.1:1'] },
      routes: [{ path: '/*', upstream: 'main', mirror: { upstream: 'main', percent } }],
    })
    const gateway = createGateway(options(10))
    await gateway.ready
    expect([...(await gateway.update(options(20))).changes.values()]).toEqual([['mirror']])
    expect((await gateway.update(options(20))).changed).toEqual([])
    await gateway[Symbol.asyncDispose]()
  })
})
