import * as v from 'valibot'
import { createGateway, defineDiscovery, definePlugin, defineSlot, poll } from '@octopus-gateway/core'
import { describe, expectTypeOf, it } from 'vitest'
import type {
  DiscoveryProvider,
  Duration,
  Gateway,
  GatewayOptions,
  Hooks,
  Plugin,
  Reply,
  RequestContext,
  RouteDefinition,
  RouteSet,
  SnapshotDiff,
  UpstreamDefinition,
} from '@octopus-gateway/core'
import type { Hono } from 'hono'

describe('definePlugin', () => {
  const optional = definePlugin({
    name: 'optional',
    config: v.optional(v.object({ header: v.optional(v.string(), 'x-request-id') }), {}),
    setup: ({ header }) => (expectTypeOf(header).toEqualTypeOf<string>(), {}),
  })
  const required = definePlugin({
    name: 'required',
    config: v.object({ secret: v.string(), ttl: v.optional(v.pipe(v.string(), v.transform(Number))) }),
    setup: ({ ttl }) => (expectTypeOf(ttl).toEqualTypeOf<number | undefined>(), {}),
  })

  it('takes the input of its schema, and none where the schema takes none', () => {
    expectTypeOf(optional).toBeCallableWith()
    expectTypeOf(optional).toBeCallableWith({})
    expectTypeOf(optional).toBeCallableWith({ header: 'x' })
    expectTypeOf(required).toBeCallableWith({ secret: 's', ttl: '1' })
    expectTypeOf(required({ secret: 's' })).toEqualTypeOf<Plugin>()
    // @ts-expect-error the configuration is not optional
    required()
    // @ts-expect-error the input is a string, not the output's number
    required({ secret: 's', ttl: 1 })
    // @ts-expect-error there is no such key
    optional({ headr: 'x' })
  })

  it('keeps its schema for whoever validates configuration files', () => {
    expectTypeOf(required.config['~standard'].version).toEqualTypeOf<1>()
    expectTypeOf(required.pluginName).toEqualTypeOf<string>()
  })

  it('types hooks without annotations', () => {
    definePlugin({
      name: 'hooks',
      config: v.optional(v.unknown()),
      setup: () => ({
        onRequest: (ctx) => (expectTypeOf(ctx).toEqualTypeOf<RequestContext>(), undefined),
        onError: (_ctx, error) => (expectTypeOf(error.code).toEqualTypeOf<string>(), undefined),
        onFinish: (_ctx, outcome) => expectTypeOf(outcome.status).toEqualTypeOf<number>(),
      }),
    })
    expectTypeOf<NonNullable<Hooks['onRequest']>>().returns.toEqualTypeOf<Reply | void | Promise<Reply | void>>()
  })
})

describe('createGateway', () => {
  it('takes origins, functions, Hono apps and upstreams written out', () => {
    expectTypeOf<readonly string[]>().toExtend<UpstreamDefinition>()
    expectTypeOf<Hono['fetch']>().toExtend<UpstreamDefinition>()
    expectTypeOf<(request: Request) => Promise<Response>>().toExtend<UpstreamDefinition>()
    expectTypeOf<{ endpoints: { discover: string }; timeout: '5s' }>().toExtend<UpstreamDefinition>()
    expectTypeOf(createGateway).returns.toEqualTypeOf<Gateway>()
    createGateway({})
    // @ts-expect-error there is no such key
    createGateway({ route: [] })
    // @ts-expect-error an upstream is not a bare text
    createGateway({ upstreams: { up: 'http://a' } })
    // @ts-expect-error a balancer that does not exist
    createGateway({ routing: { loadBalance: 'fastest' } })
  })

  it('reads durations as numbers or texts with a unit', () => {
    expectTypeOf<'250ms' | '5s' | '5m' | '1h' | 250>().toExtend<Duration>()
    expectTypeOf<'5'>().not.toExtend<Duration>()
    expectTypeOf<GatewayOptions['routes']>().toEqualTypeOf<readonly RouteDefinition[] | undefined>()
  })

  it('gives a standard fetch and tells what an update changed', () => {
    expectTypeOf<Gateway['fetch']>().toEqualTypeOf<(request: Request) => Promise<Response>>()
    expectTypeOf<Gateway['update']>().returns.resolves.toEqualTypeOf<SnapshotDiff>()
    expectTypeOf<Gateway>().toExtend<AsyncDisposable>()
    createGateway({}).on('endpoints', (upstream) => expectTypeOf(upstream.name).toEqualTypeOf<string>())
    // @ts-expect-error there is no such event
    createGateway({}).on('route', () => {})
  })
})

describe('slots, discovery and sources', () => {
  it('a slot carries its type', () => {
    const principal = defineSlot<{ roles: string[] }>('test.principal')
    const read = (ctx: RequestContext): { roles: string[] } | undefined => ctx.get(principal)
    expectTypeOf(read).returns.toEqualTypeOf<{ roles: string[] } | undefined>()
    // @ts-expect-error the value is not a principal
    const write = (ctx: RequestContext): void => ctx.set(principal, 1)
    expectTypeOf(write).returns.toBeVoid()
  })

  it('a provider is made from a schema and a generator', () => {
    const dns = defineDiscovery({
      name: 'dns',
      config: v.object({ name: v.string() }),
      watch: ({ name }, signal, host) => poll(async () => [], { every: '10s' })(signal, (expectTypeOf(name).toEqualTypeOf<string>(), host)),
    })
    expectTypeOf(dns({ name: 'a' })).toEqualTypeOf<DiscoveryProvider>()
    // @ts-expect-error the name is missing
    dns({})
  })

  it('a route set is plain data', () => {
    expectTypeOf<RouteSet['upstreams'][string]>().not.toExtend<(request: Request) => Response>()
  })
})
