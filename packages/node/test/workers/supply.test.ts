import { Broadcast } from '../../src/workers/broadcast.ts'
import { createGateway } from '@octopus-gateway/core'
import { expect, onTestFinished, test } from 'vitest'
import { instance, ScriptedProvider, ScriptedSource, setOf } from '../../../core/test/support/scripted-control.ts'
import { Supply } from '../../src/workers/supply.ts'
import { HEALTH } from '@octopus-gateway/core/lane'
import { startService, waitFor } from '@octopus-gateway/testing'
import type { HealthControl } from '@octopus-gateway/core/lane'
import type { Gateway, GatewayOptions } from '@octopus-gateway/core'
import type { ToWorker } from '../../src/workers/messages.ts'

function gatewayOf(options: GatewayOptions): Gateway {
  const gateway = createGateway(options)
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}

/** A control process and one worker, with the messages between them. */
function pair(options: GatewayOptions = {}): {
  readonly provider: ScriptedProvider
  readonly source: ScriptedSource
  readonly control: Gateway
  readonly worker: Gateway
  readonly supply: Supply
  exchange(): ToWorker[]
} {
  const [provider, source] = [new ScriptedProvider(), new ScriptedSource('farp')]
  const all = { ...options, discovery: [provider], sources: [source] }
  const control = gatewayOf(all)
  const supply = new Supply()
  const worker = gatewayOf(supply.options(all))
  const broadcast = new Broadcast(control)
  const has = new Set<number>()
  return {
    provider,
    source,
    control,
    worker,
    supply,
    exchange() {
      if (!broadcast.refresh()) return []
      const messages = structuredClone(broadcast.messagesFor(has))
      for (const message of messages) {
        if (message.kind === 'set') supply.keep(message.number, message.set)
        else if (message.kind === 'state') supply.apply(message.state)
      }
      return messages
    },
  }
}

const routesOf = (gateway: Gateway): string[] => gateway.snapshot.routes.map(({ id }) => id).sort()
const kindsOf = (messages: readonly ToWorker[]): string[] => messages.map((one) => (one.kind === 'set' ? one.set.service : one.kind))

test('a worker has the routes and endpoints of the control process, under the same ids', async () => {
  const { provider, source, control, worker, exchange } = pair({
    upstreams: { users: { endpoints: { discover: 'users' } } },
    routes: [{ path: '/by-hand', upstream: 'users' }],
  })
  provider.say([instance('users', 1001)])
  source.say([setOf('one', '1', ['/a']), setOf('two', '1', ['/b', '/c'])])
  await control.synced
  exchange()
  await worker.synced
  expect(routesOf(worker)).toEqual(routesOf(control))
  expect(worker.snapshot.upstreams.get('users')!.endpoints).toEqual(control.snapshot.upstreams.get('users')!.endpoints)
  expect(worker.snapshot.upstreams.get('users')!.endpoints).toHaveLength(1)
})

test('only services that changed are sent again', async () => {
  const { provider, source, control, worker, exchange } = pair()
  provider.say([])
  source.say([setOf('one', '1', ['/a']), setOf('two', '1', ['/b'])])
  await control.synced
  expect(kindsOf(exchange())).toEqual(['one', 'two', 'state'])
  expect(kindsOf(exchange())).toEqual([])
  source.say([setOf('one', '2', ['/a2']), setOf('two', '1', ['/b'])])
  await waitFor(() => control.snapshot.generation === 3)
  expect(kindsOf(exchange())).toEqual(['one', 'state'])
  await waitFor(() => routesOf(worker).includes('farp:one:* /a2'))
  expect(routesOf(worker)).toEqual(['farp:one:* /a2', 'farp:two:* /b'])
  source.say([setOf('two', '1', ['/b'])])
  await waitFor(() => control.snapshot.generation === 4)
  expect(kindsOf(exchange())).toEqual(['state'])
  await waitFor(() => worker.snapshot.routes.length === 1)
})

test('other instances are told without any routes', async () => {
  const { provider, source, control, worker, exchange } = pair({ upstreams: { users: { endpoints: { discover: 'users' } } }, routes: [] })
  provider.say([instance('users', 1001)])
  source.say([setOf('one', '1', ['/a'])])
  await control.synced
  exchange()
  await worker.synced
  const { generation } = worker.snapshot
  provider.say([instance('users', 1001), instance('users', 1002)])
  await waitFor(() => control.snapshot.upstreams.get('users')!.endpoints.length === 2)
  expect(kindsOf(exchange())).toEqual(['state'])
  await waitFor(() => worker.snapshot.upstreams.get('users')!.endpoints.length === 2)
  expect(worker.snapshot.generation).toBe(generation)
})

test('who comes later gets everything first, and serves it before it listens', async () => {
  const { provider, source, control } = pair()
  provider.say([])
  source.say([setOf('one', '1', ['/a'])])
  await control.synced
  const broadcast = new Broadcast(control)
  broadcast.refresh()
  const supply = new Supply()
  const late = gatewayOf(supply.options({ sources: [source] }))
  let isSettled = false
  const settled = supply.settled(late).then(() => (isSettled = true))
  await late.ready
  await new Promise(setImmediate)
  expect([isSettled, late.isSynced]).toEqual([false, false])
  for (const message of broadcast.messagesFor(new Set())) {
    if (message.kind === 'set') supply.keep(message.number, message.set)
    else if (message.kind === 'state') supply.apply(message.state)
  }
  await settled
  expect(routesOf(late)).toEqual(['farp:one:* /a'])
})

test('a worker is synced no earlier than the control process, and serves what is known before', async () => {
  const { provider, source, control, worker, supply, exchange } = pair()
  source.say([setOf('one', '1', ['/a'])])
  await waitFor(() => control.snapshot.routes.length === 1)
  exchange()
  await supply.settled(worker)
  await waitFor(() => worker.snapshot.routes.length === 1)
  expect(worker.isSynced).toBe(false)
  provider.say([])
  await control.synced
  exchange()
  await worker.synced
})

test('the worker asks neither registry nor services', async () => {
  const { provider, source, control, worker, exchange } = pair()
  provider.say([])
  source.say([])
  await control.synced
  exchange()
  await worker.synced
  expect([provider.starts, source.starts]).toEqual([1, 1])
})

test('an update keeps the supply running, and a source that comes with it is supplied too', async () => {
  const { provider, source, control, worker, supply, exchange } = pair()
  provider.say([])
  source.say([setOf('one', '1', ['/a'])])
  await control.synced
  exchange()
  await worker.synced
  const more = new ScriptedSource('more')
  const next = { discovery: [provider], sources: [source, more], routes: [] }
  await worker.update(supply.options(next))
  await control.update(next)
  more.say([setOf('x', '1', ['/x'])])
  await waitFor(() => control.snapshot.routes.length === 2)
  exchange()
  await waitFor(() => worker.snapshot.routes.length === 2)
  expect(routesOf(worker)).toEqual(['farp:one:* /a', 'more:x:* /x'])
})

test('what the checks of the control process find out holds in a worker, which asks nobody', async () => {
  await using up = await startService({ handler: (_request, response) => void response.writeHead(503).end() })
  const options: GatewayOptions = {
    upstreams: { up: { endpoints: [`http://127.0.0.1:${up.port}`], healthCheck: { interval: '10ms', unhealthyThreshold: 1 } } },
    routes: [{ path: '/*', upstream: 'up' }],
  }
  const supply = new Supply()
  const worker = supply.gateway(options)
  onTestFinished(() => worker[Symbol.asyncDispose]())
  await worker.ready
  const control = gatewayOf(options)
  const { [HEALTH]: health } = control as Gateway & { readonly [HEALTH]: HealthControl }
  health.onVerdicts((verdicts) => supply.judge(structuredClone(verdicts)))
  await control.ready
  const states = (gateway: Gateway): unknown[] =>
    gateway.endpoints(gateway.snapshot.upstreams.get('up')!).map(({ state, reason }) => [state, reason])
  await waitFor(() => states(worker).flat().includes('unhealthy'))
  expect(states(worker)).toEqual([['out', 'unhealthy']])
  // Once the control process has ended its checks, nobody asks any more.
  await control[Symbol.asyncDispose]()
  const { count } = up
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(up.count).toBe(count)
  expect(states(worker)).toEqual([['out', 'unhealthy']])
})
