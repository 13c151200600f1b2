import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { hang, slowBody, waitFor } from '@octopus-gateway/testing'
import { rawOrigin, service, to } from '../support/upstreams.ts'
import { whole } from './support/client.ts'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describeLanes('timeouts', (lane) => {
  test('an upstream that does not answer is 504 UPSTREAM_TIMEOUT, over all attempts, and is given up', async () => {
    const silent = await service(() => {})
    const other = await service(() => {})
    const { send } = await lane.start({ ...to(silent, other), routing: { timeout: '150ms', retries: 3 } })
    const before = performance.now()
    const answer = await send({})
    expect([answer.status, answer.json()['code']]).toEqual([504, 'UPSTREAM_TIMEOUT'])
    expect(performance.now() - before).toBeLessThan(1_000)
    const requests = [...silent.requests, ...other.requests]
    expect(requests).toHaveLength(1)
    await waitFor(() => requests[0]!.state === 'aborted')
  })

  test("a route's own timeout wins", async () => {
    const silent = await rawOrigin(hang())
    const { send } = await lane.start({
      ...to(silent),
      routes: [{ path: '/*', upstream: 'up', timeout: '100ms' }],
      routing: { timeout: '20s' },
    })
    expect((await send({})).status).toBe(504)
  })

  test('a hint shortens the timeout that holds otherwise, and never lengthens it', async () => {
    const silent = await rawOrigin(hang())
    for (const [timeout, timeoutHint] of [
      ['20s', '100ms'],
      ['100ms', '20s'],
    ] as const) {
      const { send } = await lane.start({ ...to(silent), routes: [{ path: '/*', upstream: 'up', timeoutHint }], routing: { timeout } })
      const before = performance.now()
      expect((await send({})).status).toBe(504)
      expect(performance.now() - before).toBeLessThan(5_000)
    }
  })

  test('`timeout` never cuts a running body', async () => {
    const slow = await rawOrigin(slowBody({ chunks: 6, every: 60 }))
    const { send } = await lane.start({ ...to(slow), routing: { timeout: '150ms' } })
    expect((await send({})).text).toBe(Array.from({ length: 6 }, (_, i) => `chunk ${i}\n`).join(''))
  })

  test('`idle_timeout` cuts a body that falls silent: never a clean end', async () => {
    const endless = await service((_request, response) => {
      response.write('some')
    })
    const { open } = await lane.start({ ...to(endless), routing: { idleTimeout: '150ms' } })
    const answer = await open({})
    expect(answer.status).toBe(200)
    await expect(whole(answer)).rejects.toThrow()
    await waitFor(() => endless.requests[0]!.state === 'aborted')
  })

  test('an upload that takes longer than `timeout` passes', async () => {
    const up = await service()
    const { send } = await lane.start({ ...to(up), routing: { timeout: '150ms' } })
    const answer = await send({
      method: 'POST',
      body: (async function* () {
        for (let i = 0; i < 7; i++) {
          yield Buffer.from(`piece ${i} `)
          await pause(60)
        }
      })(),
    })
    expect(answer.json()).toMatchObject({ body_bytes: 56 })
  })

  test('after the upload `timeout` counts again', async () => {
    const up = await service((request) => void request.resume())
    const { send } = await lane.start({ ...to(up), routing: { timeout: '100ms' } })
    const answer = await send({ method: 'POST', body: 'all of it' })
    expect([answer.status, answer.json()['code']]).toEqual([504, 'UPSTREAM_TIMEOUT'])
  })
})

describeLanes(
  'timeouts of connections',
  (lane) => {
    test('a client that stops in the middle of its upload is told 408', async () => {
      const up = await service()
      const { sendAlone } = await lane.start(to(up), { timeouts: { idle: '150ms' } })
      let release: () => void = () => {}
      const forever = new Promise<void>((resolve) => (release = resolve))
      const answer = await sendAlone(
        {
          method: 'POST',
          body: (async function* () {
            yield Buffer.from('a start')
            await forever
          })(),
        },
        'the answer comes before the request is whole',
      )
      release()
      expect([answer.status, answer.json()['code'], answer.header('connection')]).toEqual([408, 'REQUEST_TIMEOUT', 'close'])
      await waitFor(() => up.requests[0]!.state === 'aborted')
    })
  },
  { only: ['head', 'web'], because: 'in process the client and the gateway share one clock and one caller; there is no idle option' },
)
