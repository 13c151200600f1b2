import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { auth, rateLimit } from '@octopus-gateway/core/plugins'
import { EXTERNAL, open, ScriptedWire, send, startTo } from '../../../test/support/scripted.ts'
import { TokenProvider, who } from '../../../test/support/auth.ts'
import type { Arrival } from '../../../test/support/scripted.ts'
import type { ConfigError, Gateway, GatewayOptions } from '@octopus-gateway/core'
import type { HeaderList } from '@octopus-gateway/core'
import type { RateLimitOptions } from '@octopus-gateway/core/plugins'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

const ORIGINS = ['http://10.0.0.1']

function start(options?: RateLimitOptions, more: GatewayOptions = {}): Promise<Gateway> {
  return startTo(ORIGINS, { plugins: [rateLimit(options)], ...more })
}

async function ask(gateway: Gateway, arrival: Arrival = {}): Promise<{ status: number; headers: HeaderList }> {
  const { ctx, answer } = await send(gateway, new ScriptedWire({ status: 200 }), arrival)
  ctx.finish({ status: answer.head.status, bytesOut: 0 })
  return answer.head
}

const from = (ip: string): Arrival => ({ peer: { ...EXTERNAL, ip } })

describe('rate limits', () => {
  it('lets a burst pass, refuses with Retry-After, and lets pass again when the time has come', async () => {
    const gateway = await start({ rate: 2, per: '10s' })
    expect([(await ask(gateway)).status, (await ask(gateway)).status]).toEqual([200, 200])
    const { ctx, answer } = await send(gateway, new ScriptedWire({ status: 200 }))
    expect([answer.head.status, answer.head.headers.get('retry-after')]).toEqual([429, '5'])
    expect(JSON.parse(String(answer.local))).toMatchObject({ code: 'RATE_LIMITED', request_id: ctx.id })
    vi.advanceTimersByTime(4_900)
    expect((await ask(gateway)).status).toBe(429)
    vi.advanceTimersByTime(100)
    expect((await ask(gateway)).status).toBe(200)
    expect((await ask(gateway)).status).toBe(429)
  })

  it('tells the state on every answer, in the fields of the draft and the older ones', async () => {
    const gateway = await start({ rate: 10, per: '1m', burst: 3 })
    const shown = async (): Promise<unknown[]> => {
      const { status, headers } = await ask(gateway)
      const names = ['ratelimit-policy', 'ratelimit', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'retry-after']
      return [status, ...names.map((name) => headers.get(name))]
    }
    expect(await shown()).toEqual([200, '"ip";q=3;w=18', '"ip";r=2;t=6', '3', '2', '6', undefined])
    expect(await shown()).toEqual([200, '"ip";q=3;w=18', '"ip";r=1;t=12', '3', '1', '12', undefined])
    expect(await shown()).toEqual([200, '"ip";q=3;w=18', '"ip";r=0;t=18', '3', '0', '18', undefined])
    expect(await shown()).toEqual([429, '"ip";q=3;w=18', '"ip";r=0;t=18', '3', '0', '18', '6'])
    const quiet = await ask(await start({ legacyHeaders: false }))
    expect(quiet.headers.flat.join()).not.toMatch(/x-ratelimit/i)
  })

  it('[R7] counts by the address of the connection, whatever an untrusted client claims', async () => {
    const gateway = await start({ rate: 1, per: '1h' })
    const claiming = (ip: string): Arrival => ({ fields: ['X-Forwarded-For', ip, 'Forwarded', `for=${ip}`, 'X-Real-IP', ip] })
    expect((await ask(gateway, claiming('192.0.2.1'))).status).toBe(200)
    expect((await ask(gateway, claiming('192.0.2.2'))).status).toBe(429)
    expect((await ask(gateway, from('192.0.2.2'))).status).toBe(200)
  })

  it('[R7] behind a trusted proxy counts by the client that it names', async () => {
    const gateway = await start({ rate: 1, per: '1h' }, { trustedProxies: ['10.0.0.0/8'] })
    const proxied = (ip: string): Arrival => ({ fields: ['X-Forwarded-For', ip], peer: { ...EXTERNAL, ip: '10.1.1.1', trusted: true } })
    expect((await ask(gateway, proxied('192.0.2.1'))).status).toBe(200)
    expect((await ask(gateway, proxied('192.0.2.1'))).status).toBe(429)
    expect((await ask(gateway, proxied('6.6.6.6, 192.0.2.1'))).status).toBe(429)
    expect((await ask(gateway, proxied('192.0.2.2'))).status).toBe(200)
  })

  it('by identity counts callers wherever they are, and anonymous ones by address', async () => {
    const main = new TokenProvider('main', { ann: who('ann'), bob: who('bob') })
    const plugins = [auth({ providers: [main], required: false }), rateLimit({ rate: 1, per: '1h', key: 'identity' })]
    const gateway = await startTo(ORIGINS, { plugins })
    const as = (token: string, ip = '192.0.2.1'): Arrival => ({ ...from(ip), fields: ['Authorization', `Bearer ${token}`] })
    const statuses = []
    for (const arrival of [as('ann'), as('ann', '192.0.2.9'), as('bob'), from('192.0.2.1'), from('192.0.2.1'), from('192.0.2.2')])
      statuses.push((await ask(gateway, arrival)).status)
    expect(statuses).toEqual([200, 429, 200, 200, 429, 200])
  })

  it('by a field and the route together', async () => {
    const gateway = await start(
      { rate: 1, per: '1h', key: ['header:X-Key', 'route'] },
      {
        routes: [
          { path: '/a', upstream: 'up' },
          { path: '/b', upstream: 'up' },
        ],
      },
    )
    const at = (target: string, key: string): Arrival => ({ target, fields: ['x-key', key] })
    const heads = []
    for (const arrival of [at('/a', '1'), at('/a', '2'), at('/b', '1'), at('/a', '1')]) heads.push(await ask(gateway, arrival))
    expect(heads.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    expect(heads[0]!.headers.get('ratelimit-policy')).toBe('"header:X-Key+route";q=1;w=3600')
  })

  it('several limits: each shows, the older fields tell of the nearest', async () => {
    const plugins = [rateLimit({ rate: 2, per: '1h' }), rateLimit({ rate: 50, per: '1h', key: 'route' })]
    const { headers } = await ask(await startTo(ORIGINS, { plugins }))
    expect(headers.getAll('ratelimit')).toBe('"route";r=49;t=72, "ip";r=1;t=1800')
    expect([headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining')]).toEqual(['2', '1'])
    const reversed = await ask(await startTo(ORIGINS, { plugins: plugins.toReversed() }))
    expect(reversed.headers.get('x-ratelimit-limit')).toBe('2')
  })

  it('[R34] the count survives an update with equal options, and a plugin with others starts anew', async () => {
    const gateway = await start({ rate: 1, per: '1h' })
    expect((await ask(gateway)).status).toBe(200)
    const base = { upstreams: { up: ORIGINS }, routes: [{ path: '/*', upstream: 'up', tags: ['new'] }] }
    await gateway.update({ ...base, plugins: [rateLimit({ rate: 1, per: '1h' })] })
    expect((await ask(gateway)).status).toBe(429)
    await gateway.update({ ...base, plugins: [rateLimit({ rate: 1, per: '2h' })] })
    expect((await ask(gateway)).status).toBe(200)
  })

  it('what is refused before it, or matches nothing, is not counted', async () => {
    const gateway = await start({ rate: 1, per: '1h' }, { routes: [{ path: '/a', upstream: 'up' }] })
    for (let i = 0; i < 3; i++) expect(open(gateway, { target: '/b' }).refusal?.code).toBe('ROUTE_NOT_FOUND')
    expect((await ask(gateway, { target: '/a' })).status).toBe(200)
  })

  it.each([
    [{ rate: 0 }, /plugin rate-limit: rate/],
    [{ rate: Infinity }, /rate/],
    [{ per: 0 }, /per/],
    [{ per: 'fast' as never }, /per .*is not a duration/],
    [{ rate: 5, cost: 6 }, /cost .*none would pass/],
    [{ burst: 0.5 }, /cost .*none would pass/],
    [{ key: 'user' as never }, /key/],
    [{ key: 'header:' as never }, /key/],
    [{ key: [] }, /key/],
    [{ requests: 5 } as never, /requests/],
  ])('%o is refused', async (options, message) => {
    const error = (await start(options).catch((thrown: unknown) => thrown)) as ConfigError
    expect(error.issues.map((issue) => `${issue.path} ${issue.message}`).join('\n')).toMatch(message)
  })
})
