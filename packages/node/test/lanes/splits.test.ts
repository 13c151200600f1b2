import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { service } from '../support/upstreams.ts'
import type { Service } from '@octopus-gateway/testing'

const named = (name: string): Promise<Service> => service((_request, response) => void response.end(name))

describeLanes('splits', (lane) => {
  test('a header or a cookie chooses the upstream, weights the rest', async () => {
    const [stable, canary, off] = await Promise.all([named('stable'), named('canary'), named('off')])
    const { send } = await lane.start({
      upstreams: { stable: [stable.origin], canary: [canary.origin], off: [off.origin] },
      routes: [
        {
          path: '/*',
          upstream: [
            { upstream: 'stable' },
            { upstream: 'canary', weight: 0, match: { headers: { 'x-canary': 'yes' } } },
            { upstream: 'off', weight: 0, match: { cookies: { group: 'off' } } },
          ],
        },
      ],
    })
    expect((await send({})).text).toBe('stable')
    expect((await send({ headers: [['X-Canary', 'yes']] })).text).toBe('canary')
    expect((await send({ headers: [['X-Canary', 'no']] })).text).toBe('stable')
    expect((await send({ headers: [['Cookie', 'a=1; group=off']] })).text).toBe('off')
  })

  test('each upstream gets its share, and a client stays with `splitOn`', async () => {
    const [one, two] = await Promise.all([named('one'), named('two')])
    const upstream = [
      { upstream: 'one', weight: 3 },
      { upstream: 'two', weight: 1 },
    ]
    const { sendAlone } = await lane.start({
      upstreams: { one: [one.origin], two: [two.origin] },
      routes: [
        { path: '/anew', upstream },
        { path: '/kept', upstream, splitOn: 'cookie:session' },
      ],
    })
    let ones = 0
    for (let i = 0; i < 200; i++) if ((await sendAlone({ path: '/anew' }, 'it is left to chance')).text === 'one') ones += 1
    // 150 expected, standard deviation 6.1: out of five of them once in a million runs.
    expect(Math.abs(ones - 150)).toBeLessThan(31)
    const seen = new Set<string>()
    for (let client = 0; client < 30; client++) {
      const answers = new Set<string>()
      for (let i = 0; i < 3; i++)
        answers.add(
          (await sendAlone({ path: '/kept', headers: [['Cookie', `session=s${client}`]] }, 'the same on every lane, but by name')).text,
        )
      expect(answers.size).toBe(1)
      seen.add([...answers][0]!)
    }
    expect(seen.size).toBe(2)
  })

  test('settings are those of the upstream that was chosen', async () => {
    const silent = await service(() => {})
    const quick = await named('quick')
    const { send } = await lane.start({
      upstreams: {
        silent: { endpoints: [silent.origin], timeout: '100ms' },
        quick: { endpoints: [quick.origin], host: 'upstream' },
      },
      routing: { timeout: '30s' },
      routes: [
        { path: '/*', upstream: [{ upstream: 'quick' }, { upstream: 'silent', match: { headers: { 'x-silent': '*' } }, weight: 0 }] },
      ],
    })
    expect((await send({ headers: [['X-Silent', '1']] })).status).toBe(504)
    expect((await send({})).text).toBe('quick')
    expect(quick.requests[0]!.header('host')).toBe(new URL(quick.origin).host)
  })
})

describeLanes(
  'splits with a function',
  (lane) => {
    test('a function in this process may be one of the upstreams', async () => {
      const other = await named('other')
      const { gateway, send } = await lane.start({
        upstreams: { here: () => new Response('here'), other: [other.origin] },
        routes: [{ path: '/*', upstream: [{ upstream: 'other' }, { upstream: 'here', weight: 0, match: { headers: { 'x-here': '*' } } }] }],
      })
      expect(gateway.snapshot.routes[0]!.lane).toBe('web')
      expect((await send({})).text).toBe('other')
      expect((await send({ headers: [['X-Here', '1']] })).text).toBe('here')
    })
  },
  { only: ['fetch', 'web', 'h2-web'], because: 'a route to a function takes the web lane' },
)
