import { closedPort, startService, waitFor } from '@octopus-gateway/testing'
import { describeLanes } from './support/describe-lanes.ts'
import { expect, onTestFinished, test } from 'vitest'
import { rawOrigin, service, to } from '../support/upstreams.ts'
import { resetMidBody } from '@octopus-gateway/testing'
import { whole } from './support/client.ts'
import type { EndpointStatus, Gateway, GatewayOptions, UpstreamOptions } from '@octopus-gateway/core'

/** One upstream with these settings, and a route to it for everything. */
function upstream(origins: readonly { readonly origin: string }[], more: Omit<UpstreamOptions, 'endpoints'>): GatewayOptions {
  return { ...to(), upstreams: { up: { endpoints: origins.map(({ origin }) => origin), ...more } } }
}

const statesOf = (gateway: Gateway): readonly EndpointStatus[] => gateway.endpoints(gateway.snapshot.upstreams.get('up')!)

/** A service whose requests are answered when the test says so. */
async function patient(): Promise<{ origin: string; held: number; answer(): void; readonly count: number }> {
  const waiting: (() => void)[] = []
  const up = await service((_request, response) => void waiting.push(() => response.end('done')))
  return {
    origin: up.origin,
    get held() {
      return waiting.length
    },
    get count() {
      return up.count
    },
    answer: () => waiting.shift()!(),
  }
}

describeLanes('health', (lane) => {
  test('[R35] a breaker opens, fails fast and closes again when the upstream has recovered', async () => {
    let status = 503
    const up = await service((_request, response) => void response.writeHead(status).end())
    const { gateway, send } = await lane.start(upstream([up], { circuitBreaker: { failureThreshold: 3, timeout: 200 } }))
    for (let i = 0; i < 3; i++) expect((await send({ method: 'POST' })).status).toBe(503)
    const refused = await send({ method: 'POST' })
    expect([refused.status, refused.json()['code'], refused.header('retry-after')]).toEqual([503, 'CIRCUIT_OPEN', '1'])
    expect(up.count).toBe(3)
    status = 200
    await waitFor(() => statesOf(gateway)[0]!.state === 'half-open')
    expect((await send({ method: 'POST' })).status).toBe(200)
    expect(statesOf(gateway)[0]).toMatchObject({ state: 'available', circuit: 'closed' })
    expect(up.count).toBe(4)
  })

  test('[R35] answers that are cut open it, too', async () => {
    const broken = await rawOrigin(resetMidBody())
    const { gateway, open, send } = await lane.start(upstream([broken], { circuitBreaker: { failureThreshold: 2 } }))
    for (let i = 0; i < 2; i++) await expect(open({}).then(whole)).rejects.toThrow()
    await waitFor(() => statesOf(gateway)[0]!.circuit === 'open')
    expect((await send({})).json()['code']).toBe('CIRCUIT_OPEN')
  })

  test('a client that leaves says nothing of the upstream', async () => {
    const up = await patient()
    const { gateway, open } = await lane.start(upstream([up], { circuitBreaker: { failureThreshold: 1 } }))
    for (let i = 1; i <= 3; i++) {
      const leaving = new AbortController()
      const answer = open({}, leaving.signal)
      answer.catch(() => {})
      await waitFor(() => up.count === i)
      leaving.abort()
      await waitFor(() => statesOf(gateway)[0]!.active === 0)
    }
    expect(statesOf(gateway)[0]).toMatchObject({ state: 'available', failures: 0 })
  })

  test('[R34] a breaker stays open over a change of the configuration', async () => {
    const up = await service((_request, response) => void response.writeHead(503).end())
    const options = upstream([up], { circuitBreaker: { failureThreshold: 1 } })
    const { gateway, send } = await lane.start(options)
    await send({ method: 'POST' })
    await gateway.update({
      ...options,
      plugins: [],
      routing: { timeout: '9s' },
      ...upstream([up], { circuitBreaker: { failureThreshold: 7 } }),
    })
    expect((await send({ method: 'POST' })).json()['code']).toBe('CIRCUIT_OPEN')
    expect(up.count).toBe(1)
  })

  test('more requests than may be under way wait for their turn, and more than may wait are refused', async () => {
    const up = await patient()
    const { gateway, open, sendAlone } = await lane.start(upstream([up], { concurrency: { max: 1, queue: 1, queueTimeout: '30s' } }))
    const { concurrency } = gateway.snapshot.upstreams.get('up')!
    expect(concurrency).toMatchObject({ max: 1, active: 0 })
    const load = (): unknown => gateway.snapshot.upstreams.get('up')!.concurrency
    const first = open({ path: '/first' }).then(whole)
    await waitFor(() => up.held === 1)
    const second = open({ path: '/second' }).then(whole)
    await waitFor(() => expect(load()).toMatchObject({ active: 1, queued: 1 }))
    const third = await sendAlone({ path: '/third' }, 'what is under way differs')
    expect([third.status, third.json()['code'], third.header('retry-after')]).toEqual([503, 'OVERLOADED', '1'])
    up.answer()
    expect((await first).text).toBe('done')
    await waitFor(() => up.held === 1)
    up.answer()
    expect((await second).text).toBe('done')
    await waitFor(() => expect(load()).toMatchObject({ active: 0, queued: 0, refused: 1 }))
    expect(up.count).toBe(2)
  })

  test('who waited too long is refused, and who leaves the queue is forgotten at once', async () => {
    const up = await patient()
    const { gateway, open, sendAlone } = await lane.start(upstream([up], { concurrency: { max: 1, queue: 5, queueTimeout: 150 } }))
    const load = (): unknown => gateway.snapshot.upstreams.get('up')!.concurrency
    const first = open({}).then(whole)
    await waitFor(() => up.held === 1)
    const late = await sendAlone({}, 'what is under way differs')
    expect([late.status, late.json()['code']]).toEqual([503, 'OVERLOADED'])
    await gateway.update(upstream([up], { concurrency: { max: 1, queue: 5, queueTimeout: '30s' } }))
    const leaving = new AbortController()
    open({}, leaving.signal).catch(() => {})
    await waitFor(() => expect(load()).toMatchObject({ queued: 1 }))
    leaving.abort()
    await waitFor(() => expect(load()).toMatchObject({ active: 1, queued: 0, timedOut: 1 }))
    up.answer()
    await first
    await waitFor(() => expect(load()).toMatchObject({ active: 0 }))
    expect(up.count).toBe(1)
  })

  test('the deadline of a request holds in the queue', async () => {
    const up = await patient()
    const { open, sendAlone } = await lane.start({
      ...upstream([up], { concurrency: { max: 1, queue: 5, queueTimeout: '30s' } }),
      routes: [
        { path: '/slow', upstream: 'up' },
        { path: '/*', upstream: 'up', timeout: 100 },
      ],
    })
    const first = open({ path: '/slow' }).then(whole)
    await waitFor(() => up.held === 1)
    const late = await sendAlone({}, 'what is under way differs')
    expect([late.status, late.json()['code']]).toEqual([504, 'UPSTREAM_TIMEOUT'])
    up.answer()
    await first
  })

  test('an instance that a check finds unwell gets no requests until checks are content again', async () => {
    let isWell = false
    const sick = await startService({
      name: 'sick',
      handler: (request, response) => void response.writeHead(request.url === '/up' && !isWell ? 500 : 200).end('sick'),
    })
    onTestFinished(() => sick.close())
    const well = await service((_request, response) => void response.end('well'))
    const { gateway, send, sendAlone } = await lane.start(
      upstream([sick, well], { healthCheck: { path: '/up', interval: 50, healthyThreshold: 2 } }),
    )
    await waitFor(() => statesOf(gateway).some(({ reason }) => reason === 'unhealthy'))
    for (let i = 0; i < 6; i++) expect((await send({})).text).toBe('well')
    isWell = true
    await waitFor(() => statesOf(gateway).every(({ state }) => state === 'available'))
    const texts = new Set<string>()
    for (let i = 0; i < 4; i++) texts.add((await sendAlone({}, 'who is first is a matter of chance')).text)
    expect([...texts].sort()).toEqual(['sick', 'well'])
  })

  test('with no instance well there is none to send to', async () => {
    const gone = { origin: `http://127.0.0.1:${await closedPort()}` }
    const { gateway, send } = await lane.start(upstream([gone], { healthCheck: { interval: 50 } }))
    await waitFor(() => statesOf(gateway)[0]!.reason === 'unhealthy')
    const answer = await send({})
    expect([answer.status, answer.json()['code']]).toEqual([503, 'NO_ENDPOINT'])
  })
})
