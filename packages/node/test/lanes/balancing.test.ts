import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { resetBeforeHead } from '@octopus-gateway/testing'
import { rawOrigin, service } from '../support/upstreams.ts'
import type { GatewayOptions, UpstreamOptions } from '@octopus-gateway/core'
import type { LaneAnswer } from './support/client.ts'

const up = (options: UpstreamOptions): GatewayOptions => ({ upstreams: { up: options }, routes: [{ path: '/*', upstream: 'up' }] })

/** The fields of an answer that set the sticky cookie. */
const cookiesOf = (answer: LaneAnswer): string[] => answer.values('set-cookie').filter((field) => field.startsWith('at='))
const pairOf = (field: string): string => field.slice(0, field.indexOf(';'))
const who = (answer: LaneAnswer): unknown => answer.json()['name']
const CHANCE = 'which instance is first is a matter of chance'

describeLanes('sticky cookies', (lane) => {
  test('a client stays where it was, whoever balances', async () => {
    const services = await Promise.all(['one', 'two', 'three'].map((name) => service({ name })))
    const { sendAlone } = await lane.start(up({ endpoints: services.map(({ origin }) => origin), sticky: { cookie: 'at' } }))
    const first = await sendAlone({}, CHANCE)
    const [cookie, ...more] = cookiesOf(first)
    expect(cookie).toMatch(/^at=[\w-]{12}; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(more).toEqual([])
    for (let i = 0; i < 5; i++) {
      const again = await sendAlone({ headers: [['cookie', `x=1; ${pairOf(cookie!)}`]] }, CHANCE)
      expect([who(again), cookiesOf(again)]).toEqual([who(first), []])
    }
    const strangers = await Promise.all([1, 2, 3].map(() => sendAlone({ headers: [['cookie', 'at=0123456789ab']] }, CHANCE)))
    expect(new Set(strangers.map(who)).size).toBe(3)
    for (const stranger of strangers) expect(cookiesOf(stranger)).toHaveLength(1)
  })

  test('another instance that answers in its place sets the cookie anew, beside the cookies of the service', async () => {
    const broken = await rawOrigin(resetBeforeHead())
    const other = await service((_request, response) => {
      response.writeHead(200, [
        ['set-cookie', 'own=1'],
        ['set-cookie', 'own2=2'],
      ])
      response.end('{}')
    })
    const { sendAlone, gateway } = await lane.start(up({ endpoints: [broken.origin, other.origin], sticky: { cookie: 'at' } }))
    const answers = [await sendAlone({}, CHANCE), await sendAlone({}, CHANCE)]
    expect(broken.connections.accepted).toBeGreaterThan(0)
    for (const answer of answers) {
      expect(answer.status).toBe(200)
      expect(answer.values('set-cookie').map(pairOrWhole)).toEqual(['own=1', 'own2=2', expect.stringMatching(/^at=/) as unknown])
    }
    expect(new Set(answers.flatMap(cookiesOf)).size).toBe(1)
    expect(gateway.snapshot.upstreams.get('up')!.balancing.sticky?.cookie).toBe('at')
  })
})

const pairOrWhole = (field: string): string => (field.includes(';') ? pairOf(field) : field)

describeLanes('hashing', (lane) => {
  const spread = async (
    options: Omit<UpstreamOptions, 'endpoints'>,
    ask: (value: string) => { readonly path?: string; readonly headers?: readonly (readonly [string, string])[] },
  ): Promise<{ readonly homes: Set<unknown>; readonly isStable: boolean }> => {
    const services = await Promise.all(['one', 'two', 'three'].map((name) => service({ name })))
    const { sendAlone } = await lane.start(
      up({ endpoints: services.map(({ origin }, i) => ({ id: `i${i}`, origin, weight: 1, labels: {} })), ...options }),
    )
    const homes = new Set<unknown>()
    let isStable = true
    for (let i = 0; i < 10; i++) {
      const [a, b] = [await sendAlone(ask(`v${i}`), 'ports differ'), await sendAlone(ask(`v${i}`), 'ports differ')]
      homes.add(who(a))
      isStable &&= who(a) === who(b)
    }
    return { homes, isStable }
  }

  test.each(['ring-hash', 'maglev', 'rendezvous'] as const)(
    '%s: equal requests go to one instance, others elsewhere',
    async (loadBalance) => {
      const byField = await spread({ loadBalance, hashOn: 'header:x-tenant' }, (value) => ({ headers: [['X-Tenant', value]] }))
      const byCookie = await spread({ loadBalance, hashOn: 'cookie:tenant' }, (value) => ({
        headers: [['cookie', `a=b; tenant=${value}`]],
      }))
      const byPath = await spread({ loadBalance, hashOn: 'uri' }, (value) => ({ path: `/${value}?r=${Math.random()}` }))
      for (const { homes, isStable } of [byField, byCookie, byPath]) expect([homes.size > 1, isStable]).toEqual([true, true])
    },
  )

  test('a request without the field goes anywhere', async () => {
    const { homes } = await spread({ loadBalance: 'ring-hash', hashOn: 'header:x-tenant' }, () => ({}))
    expect(homes.size).toBeGreaterThan(1)
  })

  test('[R35] by address one client has one home; where no address is known it goes anywhere', async () => {
    const { homes } = await spread({ loadBalance: 'maglev' }, () => ({}))
    expect(homes.size === 1).toBe(lane.isNode)
  })
})
