import { closedPort, closesAfter, onRequest, resetBeforeHead, resetMidBody, respondWith } from '@octopus-gateway/testing'
import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { fullBacklog } from './support/full-backlog.ts'
import { rawOrigin, service, to } from '../support/upstreams.ts'
import { whole } from './support/client.ts'

async function refusing(): Promise<{ origin: string }> {
  return { origin: `http://127.0.0.1:${await closedPort()}` }
}

describeLanes('retries', (lane) => {
  test('a refused connection: the next instance answers, for any method', async () => {
    const up = await service()
    for (const method of ['GET', 'POST', 'PATCH', 'DELETE']) {
      const { send } = await lane.start(to(await refusing(), up))
      for (let i = 0; i < 4; i++) expect((await send({ method, path: `/${method}` })).status).toBe(200)
    }
    expect(up.count).toBe(16)
  })

  test('a reset before the head: idempotent methods go to the next instance', async () => {
    const broken = await rawOrigin(resetBeforeHead())
    const up = await service()
    const { send } = await lane.start(to(broken, up))
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      for (let i = 0; i < 2; i++) expect((await send({ method })).status).toBe(200)
    }
    expect(broken.connections.accepted).toBeGreaterThanOrEqual(4)
  })

  test('[R15] bytes that are not HTTP: idempotent methods go to the next instance, others fail', async () => {
    const broken = await rawOrigin(onRequest((_, socket) => void socket.end('220 mail.example ESMTP\r\n')))
    const up = await service()
    const { send } = await lane.start({ ...to(broken, up), routing: { circuitBreaker: { failureThreshold: Infinity } } })
    for (const method of ['GET', 'PUT', 'DELETE']) for (let i = 0; i < 2; i++) expect((await send({ method })).status).toBe(200)
    const statuses = [(await send({ method: 'POST' })).status, (await send({ method: 'POST' })).status]
    expect(statuses.toSorted()).toEqual([200, 502])
  })

  test('[R15] POST and PATCH are never sent twice after a reset', async () => {
    const first = await rawOrigin(resetBeforeHead())
    const second = await rawOrigin(resetBeforeHead())
    const { send } = await lane.start(to(first, second))
    for (const method of ['POST', 'PATCH']) {
      const before = first.connections.accepted + second.connections.accepted
      const answer = await send({ method })
      expect([answer.status, answer.json()['code']]).toEqual([502, 'UPSTREAM_RESET'])
      expect(first.connections.accepted + second.connections.accepted).toBe(before + 1)
    }
  })

  test('a route may say that its POSTs can be repeated, or that nothing of it can', async () => {
    const broken = await rawOrigin(resetBeforeHead())
    const up = await service()
    const origins = to(broken, up)
    const { send } = await lane.start({
      ...origins,
      routes: [
        { path: '/again', upstream: 'up', idempotent: true },
        { path: '/once', upstream: 'up', idempotent: false },
      ],
      routing: { circuitBreaker: { failureThreshold: Infinity } },
    })
    for (let i = 0; i < 2; i++) expect((await send({ method: 'POST', path: '/again', body: 'x' })).status).toBe(200)
    const statuses = [(await send({ path: '/once' })).status, (await send({ path: '/once' })).status]
    expect(statuses.toSorted()).toEqual([200, 502])
  })

  test('[R15] never to an instance that was tried before while there is another, and no more than `retries` more', async () => {
    const origins = await Promise.all(Array.from({ length: 5 }, () => rawOrigin(resetBeforeHead())))
    const { send } = await lane.start({ ...to(...origins), routing: { retries: 2 } })
    expect((await send({})).status).toBe(502)
    expect(origins.map(({ connections }) => connections.accepted).toSorted()).toEqual([0, 0, 1, 1, 1])
  })

  test('[R15] never after the first byte of an answer', async () => {
    const broken = await rawOrigin(resetMidBody())
    const other = await rawOrigin(resetMidBody())
    const { open, gateway } = await lane.start(to(broken, other))
    const answer = await open({})
    expect(answer.status).toBe(200)
    await expect(whole(answer)).rejects.toThrow()
    expect(gateway.metrics.exposition()).toMatch(/^octopus_responses_cut_total\{upstream="[^"]+",code="UPSTREAM_RESET"\} 1$/m)
    expect(broken.connections.accepted + other.connections.accepted).toBe(1)
  })

  test('no retries where the route says so', async () => {
    const broken = await rawOrigin(resetBeforeHead())
    const up = await service()
    const { sendAlone } = await lane.start({ ...to(broken, up), routing: { retries: 0 } })
    const why = 'which instance is first is a matter of chance'
    const statuses = [(await sendAlone({}, why)).status, (await sendAlone({}, why)).status]
    expect(statuses.toSorted()).toEqual([200, 502])
  })

  test('an upstream that closes a kept connection as a request is sent is asked again', async () => {
    const closing = await rawOrigin(closesAfter(2))
    const { send } = await lane.start(to(closing))
    for (let i = 0; i < 12; i++) expect([(await send({})).status, i]).toEqual([200, i])
  })

  test('all instances down: a problem document', async () => {
    const { send } = await lane.start(to(await refusing(), await refusing()))
    for (let i = 0; i < 3; i++) {
      const answer = await send({})
      expect(answer.header('content-type')).toBe('application/problem+json')
      expect([answer.status, answer.json()['code']]).toEqual([502, 'UPSTREAM_CONNECT'])
    }
  })

  test('no instance at all is 503', async () => {
    const { send } = await lane.start({
      upstreams: { up: { endpoints: { discover: 'nobody' } } },
      routes: [{ path: '/*', upstream: 'up' }],
    })
    const answer = await send({})
    expect([answer.status, answer.json()['code']]).toEqual([503, 'NO_ENDPOINT'])
  })

  test.each([
    ['not HTTP', '\u0016\u0003 no\r\n\r\n'],
    ['a length and a coding at once', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
    ['a status of 777', 'HTTP/1.1 777 No\r\nContent-Length: 0\r\n\r\n'],
  ])('an answer that is %s is 502 and not tried again', async (_title, bytes) => {
    const bad = await rawOrigin(respondWith(bytes, { close: true }))
    const { send } = await lane.start(to(bad))
    const answer = await send({ method: 'POST' })
    expect(answer.status).toBe(502)
    expect(bad.connections.accepted).toBe(1)
  })

  test('an answer that is a status of 99 is 502 and not tried again', async () => {
    const bad = await rawOrigin(respondWith('HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n', { close: true }))
    const { sendAlone } = await lane.start(to(bad))
    expect((await sendAlone({ method: 'POST' }, 'fetch takes it for a broken connection')).status).toBe(502)
    expect(bad.connections.accepted).toBe(1)
  })
})

describeLanes(
  'retries with a body',
  (lane) => {
    test('trap 4: a body fails over whole when the first instance refused the connection', async () => {
      const up = await service()
      const body = Buffer.alloc(300_000, 0x64)
      for (const method of ['PUT', 'POST']) {
        for (const sent of [body, undefined]) {
          const { send } = await lane.start(to(await refusing(), up))
          for (let i = 0; i < 2; i++) {
            const chunked = (async function* () {
              for (let at = 0; at < body.length; at += 50_000) yield body.subarray(at, at + 50_000)
            })()
            expect((await send({ method, body: sent ?? chunked })).json()).toMatchObject({ body_bytes: body.length })
          }
        }
      }
    })

    test('trap 4: once more of a body was taken than is kept the answer is 502', async () => {
      const broken = await rawOrigin(resetBeforeHead())
      const other = await rawOrigin(resetBeforeHead())
      const { sendAlone } = await lane.start({ ...to(broken, other), routing: { retry: { maxBody: 999 } } })
      const answer = await sendAlone({ method: 'PUT', body: Buffer.alloc(1000) }, 'the answer may come before the request is whole')
      expect([answer.status, answer.json()['code']]).toEqual([502, 'UPSTREAM_RESET'])
      expect(broken.connections.accepted + other.connections.accepted).toBe(1)
    })

    test('an instance to which no connection can be made in `connect_timeout` is passed over, body and all', async () => {
      const up = await service()
      const { send } = await lane.start({ ...to(await fullBacklog(), up), routing: { connectTimeout: '200ms' } })
      for (let i = 0; i < 3; i++) expect((await send({ method: 'POST', body: 'payload' })).json()).toMatchObject({ body: 'payload' })
      expect(up.count).toBe(3)
    })

    test('a limit does not stand in the way of failing over', async () => {
      const up = await service()
      const { send } = await lane.start({ ...to(await refusing(), up), limits: { body: 100_000 } })
      for (let i = 0; i < 2; i++) {
        const body = (async function* () {
          yield Buffer.alloc(70_000, 0x65)
          yield Buffer.alloc(20_000, 0x66)
        })()
        expect((await send({ method: 'PUT', body })).json()).toMatchObject({ body_bytes: 90_000 })
      }
    })

    test('an early answer to an upload arrives', async () => {
      const up = await rawOrigin(onRequest((_request, socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')))
      const { send } = await lane.start(to(up))
      expect((await send({ method: 'PUT', body: Buffer.alloc(200_000) })).text).toBe('ok')
    })
  },
  { only: ['head', 'web'], because: 'fetch takes a body before it has a connection: differences.ts' },
)
