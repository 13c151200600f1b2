import { expect, it, onTestFinished, vi } from 'vitest'
import { createGateway } from '../gateway.ts'
import { instance, ScriptedProvider, ScriptedSource, setOf } from '../../test/support/scripted-control.ts'
import type { Gateway } from '../gateway-types.ts'
import type { GatewayOptions } from '../options.ts'

const ENDPOINTS = ['http://127.0.0.1:9']

function gatewayWith(options: GatewayOptions): Gateway {
  const gateway = createGateway(options)
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}

/** What says of itself which options it was made with. */
function withIdentity<T extends object>(thing: T, identity: unknown): T {
  return Object.assign(thing, { identity })
}

const paths = (gateway: Gateway): string[] => gateway.snapshot.routes.map((route) => route.path).sort()

it('[R33] a source with equal options goes on; one with others takes over when it has reported, and until then the last routes serve', async () => {
  const [first, equal, other] = [1, 1, 2].map((n) => withIdentity(new ScriptedSource(), { n })) as [
    ScriptedSource,
    ScriptedSource,
    ScriptedSource,
  ]
  const gateway = gatewayWith({ sources: [first] })
  first.say([setOf('a', '1', ['/a'], ENDPOINTS)])
  await gateway.synced
  await gateway.update({ sources: [equal] })
  first.say([setOf('a', '2', ['/a', '/b'], ENDPOINTS)])
  await vi.waitFor(() => expect(paths(gateway)).toEqual(['/a', '/b']))

  await gateway.update({ sources: [other] })
  expect(paths(gateway)).toEqual(['/a', '/b'])
  // The same version as the other one's, and something else.
  other.say([setOf('a', '2', ['/c'], ENDPOINTS)])
  await vi.waitFor(() => expect(paths(gateway)).toEqual(['/c']))
  await gateway.update({ sources: [] })
  expect(paths(gateway)).toEqual([])
})

it('[R33] a source that is changed twice before it reports keeps the last routes too, and a bad first report does not take them', async () => {
  const [first, second, third] = [1, 2, 3].map((n) => withIdentity(new ScriptedSource(), { n })) as [
    ScriptedSource,
    ScriptedSource,
    ScriptedSource,
  ]
  const gateway = gatewayWith({ sources: [first] })
  first.say([setOf('a', '1', ['/a'], ENDPOINTS)])
  await gateway.synced
  await gateway.update({ sources: [second] })
  await gateway.update({ sources: [third] })
  expect(paths(gateway)).toEqual(['/a'])
  const told = new Promise<void>((resolve) => gateway.on('snapshot', () => resolve()))
  third.say([setOf('a', '1', ['no-slash'], ENDPOINTS), setOf('b', '1', ['/b'], ENDPOINTS)])
  await told
  expect(paths(gateway)).toEqual(['/a', '/b'])
})

it('[R33] instances of a provider that is replaced serve until the new one has reported, also when it fails first', async () => {
  const [first, second] = [1, 2].map((n) => withIdentity(new ScriptedProvider(), { n })) as [ScriptedProvider, ScriptedProvider]
  const options = (provider: ScriptedProvider): GatewayOptions => ({
    discovery: [provider],
    upstreams: { a: { endpoints: { discover: 'a' } } },
    routes: [{ path: '/a', upstream: 'a' }],
  })
  const gateway = gatewayWith(options(first))
  const ports = (): string[] => gateway.snapshot.upstreams.get('a')!.endpoints.map(({ origin }) => origin)
  first.say([instance('a', 1)])
  await gateway.synced
  expect(ports()).toHaveLength(1)
  await gateway.update(options(second))
  second.fail('down')
  await vi.waitFor(() => expect(gateway.providers[0]!.state).toBe('failing'))
  // Longer than changes are gathered before they are told.
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(ports()).toHaveLength(1)
  second.say([instance('a', 2), instance('a', 3)])
  await vi.waitFor(() => expect(ports()).toHaveLength(2), { timeout: 5_000 })
})
