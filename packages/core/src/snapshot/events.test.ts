import { createGateway } from '@octopus-gateway/core'
import { auth } from '@octopus-gateway/core/plugins'
import { expect, test } from 'vitest'
import { TokenProvider } from '../../test/support/auth.ts'
import type { GatewayEvent, GatewayOptions, RouteSource, SourceHost } from '@octopus-gateway/core'

/** A source that only listens. */
function listening(): { readonly source: RouteSource; readonly events: GatewayEvent[]; host(): SourceHost } {
  const events: GatewayEvent[] = []
  let known: SourceHost | undefined
  const source: RouteSource = {
    name: 'ear',
    async *watch(host) {
      known = host
      host.on((event) => void events.push(event))
      yield []
      await new Promise((resolve) => host.signal.addEventListener('abort', resolve))
    },
  }
  return { source, events, host: () => known! }
}

test('sources hear of circuits that open and close', async () => {
  const { source, events } = listening()
  let isBroken = true
  const options: GatewayOptions = {
    sources: [source],
    upstreams: {
      up: {
        endpoints: [{ id: 'up/1', origin: 'http://up.test', weight: 1, labels: {} }],
        circuitBreaker: { failureThreshold: 2, timeout: 1 },
      },
    },
    routes: [{ path: '/*', upstream: 'up', retries: 0 }],
    fetch: async () => new Response('', { status: isBroken ? 503 : 200 }),
  }
  await using gateway = createGateway(options)
  await gateway.synced
  const circuits = (): unknown[] => events.filter(({ kind }) => kind === 'circuit')
  await gateway.request('/')
  expect(circuits()).toEqual([])
  await gateway.request('/')
  expect(circuits()).toMatchObject([{ upstream: 'up', endpoint: 'up/1', isOpen: true, reason: 'status 503' }])
  isBroken = false
  await expect.poll(async () => (await gateway.request('/')).status).toBe(200)
  expect(circuits()).toMatchObject([{ isOpen: true }, { upstream: 'up', endpoint: 'up/1', isOpen: false }])
})

test('sources know who is asked about callers, and hear of every swap and update', async () => {
  const { source, events, host } = listening()
  const base: GatewayOptions = { sources: [source], upstreams: { up: () => new Response() } }
  await using gateway = createGateway({ ...base, plugins: [auth({ providers: [new TokenProvider('main', {})] })] })
  await gateway.synced
  expect([...host().authProviders]).toEqual(['main'])
  await gateway.update({ ...base, routes: [{ path: '/a', upstream: 'up' }] })
  expect(host().authProviders.size).toBe(0)
  expect(events.map(({ kind }) => kind).slice(-2)).toEqual(['snapshot', 'updated'])
  expect(events.at(-2)).toMatchObject({ diff: { added: [{ path: '/a' }] } })
})

test('a gateway that is disposed waits for what its sources still have to say', async () => {
  const said: string[] = []
  const source: RouteSource = {
    name: 'mouth',
    async *watch({ on, signal }) {
      on((event) => {
        if (event.kind !== 'closing') return
        event.waitFor(new Promise((resolve) => setImmediate(resolve)).then(() => said.push(`stopped: ${signal.aborted}`)))
        event.waitFor(Promise.reject(new Error('nobody hears it')))
      })
      yield []
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    },
  }
  const gateway = createGateway({ sources: [source] })
  await gateway.synced
  await gateway[Symbol.asyncDispose]()
  expect(said).toEqual(['stopped: false'])
})
