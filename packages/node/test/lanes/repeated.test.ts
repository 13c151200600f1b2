import { garbage, hang, onHead, onRequest, resetBeforeHead, respondWith } from '@octopus-gateway/testing'
import { active } from '../support/running.ts'
import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { rawOrigin, service, to } from '../support/upstreams.ts'
import { waitFor } from '@octopus-gateway/testing'
import type { SocketHandler } from '@octopus-gateway/testing'

const answer = (status: number, body: string, fields = ''): SocketHandler =>
  respondWith(`HTTP/1.1 ${status} Said\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`)

describeLanes('answers that are repeated', (lane) => {
  test('[R15] 502, 503 and 504 to an idempotent request: another instance is asked, and QUERY is idempotent', async () => {
    for (const status of [502, 503, 504]) {
      const [bad, up] = [await rawOrigin(answer(status, 'bad')), await service()]
      const { send } = await lane.start(to(bad, up))
      for (const method of ['GET', 'QUERY', 'DELETE', 'GET']) expect([(await send({ method })).status, status]).toEqual([200, status])
      expect(bad.connections.accepted).toBeGreaterThan(0)
    }
  })

  test('[R15] a POST gets the answer that came, whatever its idempotency-key says', async () => {
    const [one, other] = [await rawOrigin(answer(503, 'busy')), await rawOrigin(answer(503, 'busy'))]
    const { send } = await lane.start(to(one, other))
    const said = await send({ method: 'POST', headers: [['idempotency-key', 'k']] })
    expect([said.status, said.text]).toEqual([503, 'busy'])
    expect(one.connections.accepted + other.connections.accepted).toBe(1)
  })

  test('when nothing better comes, the client gets the last answer that did, body and all', async () => {
    const [one, other] = [await rawOrigin(answer(503, 'busy')), await rawOrigin(answer(503, 'busy'))]
    const { send } = await lane.start(to(one, other))
    const said = await send({})
    expect([said.status, said.text]).toEqual([503, 'busy'])
    const broken = await lane.start(to(one, await rawOrigin(resetBeforeHead())))
    for (let i = 0; i < 4; i++) {
      const answered = await broken.send({ path: `/${i}` })
      expect([answered.status, answered.text]).toEqual([503, 'busy'])
    }
  })

  test('other statuses are answers', async () => {
    const [one, other] = [await rawOrigin(answer(500, 'no')), await rawOrigin(answer(500, 'no'))]
    const { send } = await lane.start(to(one, other))
    expect((await send({})).status).toBe(500)
    expect(one.connections.accepted + other.connections.accepted).toBe(1)
  })

  test('Retry-After is waited for where it fits into the deadline, otherwise the answer is the answer', async () => {
    const slow = await rawOrigin(answer(503, 'later', 'Retry-After: 1\r\n'))
    const { send } = await lane.start(to(slow, await service()))
    const times: number[] = []
    for (let i = 0; i < 2; i++) {
      const from = performance.now()
      expect((await send({})).status).toBe(200)
      times.push(performance.now() - from)
    }
    expect(Math.max(...times)).toBeGreaterThan(950)
    const never = await rawOrigin(answer(503, 'later', 'Retry-After: 60\r\n'))
    const other = await lane.start(to(never, never))
    expect((await other.send({})).text).toBe('later')
  })

  test('time for one attempt: a hung instance is given up for another, and 504 comes only at the deadline', async () => {
    const { send } = await lane.start({ ...to(await rawOrigin(hang()), await service()), routing: { retry: { perTryTimeout: 60 } } })
    for (let i = 0; i < 2; i++) expect((await send({})).status).toBe(200)
    const alone = await lane.start({ ...to(await rawOrigin(hang())), routing: { timeout: 250, retry: { perTryTimeout: 60 } } })
    const from = performance.now()
    expect((await alone.send({})).status).toBe(504)
    expect(performance.now() - from).toBeGreaterThan(200)
  })

  test('a budget of nothing repeats nothing but what could not be sent', async () => {
    const { sendAlone } = await lane.start({
      ...to(await rawOrigin(resetBeforeHead()), await service()),
      routing: { retry: { budget: 0 } },
    })
    const why = 'which instance is first is a matter of chance'
    const statuses = [(await sendAlone({}, why)).status, (await sendAlone({}, why)).status]
    expect(statuses.toSorted()).toEqual([200, 502])
  })

  test("a hedge: a slow instance is raced, the loser is given up and is nobody's failure", async () => {
    const slow = await rawOrigin(hang())
    const { send, gateway } = await lane.start({ ...to(slow, await service()), routing: { hedge: { delay: 30 } } })
    for (let i = 0; i < 4; i++) expect((await send({})).status).toBe(200)
    await waitFor(() => slow.connections.accepted > 0 && slow.connections.open === 0, { what: 'the losers to be cut' })
    await waitFor(() => active(gateway) === 0)
    expect(gateway.metrics.exposition()).toMatch(/octopus_upstream_hedges_total\{upstream="up"\} [1-4]\n/)
    expect(gateway.metrics.exposition()).toMatch(/octopus_upstream_requests_total\{upstream="up",status="superseded"\} [1-4]\n/)
    expect(gateway.metrics.exposition()).not.toContain('octopus_upstream_retries_total{')
  })

  test('a hedge is never made for a POST', async () => {
    const [one, other] = [await rawOrigin(hang()), await rawOrigin(hang())]
    const { send } = await lane.start({ ...to(one, other), routing: { timeout: 300, hedge: { delay: 20 } } })
    expect((await send({ method: 'POST' })).status).toBe(504)
    expect(one.connections.accepted + other.connections.accepted).toBe(1)
  })

  test('1,000 requests that were repeated, hedged or aborted leave nothing behind', { timeout: 60_000 }, async () => {
    const origins = [
      await rawOrigin(resetBeforeHead()),
      await rawOrigin(answer(503, 'busy')),
      await rawOrigin(garbage()),
      await rawOrigin(onHead((socket) => void setTimeout(() => socket.destroy(), 200))),
      await service(),
    ]
    const { open, gateway } = await lane.start({ ...to(...origins), routing: { hedge: { delay: 5 }, retry: { backoff: 5 } } })
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const leaving = new AbortController()
          if (i % 5 === 0) setTimeout(() => leaving.abort(), 10)
          const body = i % 2 === 0 ? {} : { method: 'PUT', body: 'payload' }
          try {
            for await (const piece of (await open(body, leaving.signal)).body) expect(piece.length).toBeGreaterThan(0)
          } catch (thrown) {
            expect(thrown).toBeDefined()
          }
        }),
      )
    }
    await waitFor(() => active(gateway) === 0, { what: 'all attempts to be over' })
  })
})

describeLanes('bodies that are sent again', (lane) => {
  test('after a reset or a 503 when all of it was read, with a length and in chunks', async () => {
    const afterAll: SocketHandler = onRequest((_request, socket) => socket.resetAndDestroy())
    for (const handler of [afterAll, answer(503, 'busy')]) {
      const bad = await rawOrigin(handler)
      const { send } = await lane.start(to(bad, await service()))
      for (const method of ['PUT', 'DELETE', 'QUERY', 'PUT']) {
        const pieces = ['one ', 'two ', 'three']
        const chunked = (async function* () {
          for (const piece of pieces) yield Buffer.from(piece)
        })()
        expect((await send({ method, body: pieces.join('') })).json()).toMatchObject({ body: 'one two three' })
        expect((await send({ method, body: chunked })).json()).toMatchObject({ body: 'one two three' })
      }
      expect(bad.connections.accepted).toBeGreaterThan(0)
    }
  })

  test('an instance that broke in the middle: the next one gets the rest as it comes', async () => {
    const bad = await rawOrigin(resetBeforeHead())
    const up = await service()
    const { send } = await lane.start(to(bad, up))
    for (let i = 0; i < 2; i++) {
      const before = bad.connections.accepted + up.connections.accepted
      const body = (async function* () {
        yield Buffer.alloc(20_000, 0x61)
        await waitFor(() => lane.name === 'fetch' || i > 0 || bad.connections.accepted + up.connections.accepted > before)
        yield Buffer.alloc(20_000, 0x62)
      })()
      expect((await send({ method: 'PUT', body })).json()).toMatchObject({ body_bytes: 40_000 })
    }
  })

  test('[R15] a POST with a body is not sent again after a reset', async () => {
    const [one, other] = [await rawOrigin(resetBeforeHead()), await rawOrigin(resetBeforeHead())]
    const { sendAlone } = await lane.start(to(one, other))
    expect((await sendAlone({ method: 'POST', body: 'payload' }, 'the failure may come before the request is whole')).status).toBe(502)
    expect(one.connections.accepted + other.connections.accepted).toBe(1)
  })

  test('a hedge with a body sends all of it', async () => {
    const { send } = await lane.start({ ...to(await rawOrigin(hang()), await service()), routing: { hedge: { delay: 30 } } })
    for (let i = 0; i < 2; i++) expect((await send({ method: 'PUT', body: 'payload' })).json()).toMatchObject({ body: 'payload' })
  })
})
