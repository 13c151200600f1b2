import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { service, to } from '../support/upstreams.ts'

describeLanes('messages', (lane) => {
  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'PROPFIND'])(
    '%s keeps its method, path and query',
    async (method) => {
      const up = await service()
      const { send } = await lane.start(to(up))
      const answer = await send({ method, path: '/a/b%20c?q=1&q=2&empty=&x=%2F' })
      expect(answer.status).toBe(200)
      expect(up.requests).toHaveLength(1)
      expect(up.requests[0]).toMatchObject({ method, url: '/a/b%20c?q=1&q=2&empty=&x=%2F' })
    },
  )

  test('[R23] HEAD stays HEAD upstream and its length is kept', async () => {
    const up = await service(
      (_request, response) => void response.writeHead(200, { 'content-length': '1234', 'content-type': 'text/plain' }).end(),
    )
    const { send } = await lane.start(to(up))
    const answer = await send({ method: 'HEAD' })
    expect(up.requests[0]!.method).toBe('HEAD')
    expect(answer.status).toBe(200)
    expect(answer.header('content-length')).toBe('1234')
    expect(answer.body).toHaveLength(0)
  })

  test('[R23] HEAD is answered where only GET has a route', async () => {
    const up = await service((_request, response) => void response.writeHead(200, { 'content-length': '7' }).end())
    const { send } = await lane.start({ ...to(up), routes: [{ path: '/only-get', upstream: 'up', methods: ['GET'] }] })
    const answer = await send({ method: 'HEAD', path: '/only-get' })
    expect([answer.status, answer.header('content-length'), up.requests[0]!.method]).toEqual([200, '7', 'HEAD'])
  })

  test('the reply to a HEAD that matches nothing has no body', async () => {
    const { send } = await lane.start({ routes: [] })
    const answer = await send({ method: 'HEAD', path: '/nothing' })
    expect([answer.status, answer.body.length]).toEqual([404, 0])
    expect(Number(answer.header('content-length'))).toBeGreaterThan(50)
  })

  test('several set-cookie fields stay apart, other repeated fields keep all values', async () => {
    const up = await service((_request, response) => {
      response.writeHead(200, [
        'Set-Cookie',
        'a=1; Path=/',
        'Set-Cookie',
        'b=2, three',
        'Vary',
        'Origin',
        'Vary',
        'Accept',
        'Link',
        '</a>; rel=x',
        'Link',
        '</b>; rel=y',
      ])
      response.end('ok')
    })
    const { send } = await lane.start(to(up))
    const answer = await send({})
    expect(answer.values('set-cookie')).toEqual(['a=1; Path=/', 'b=2, three'])
    expect(answer.values('vary').join(', ')).toBe('Origin, Accept')
    expect(answer.values('link').join(', ')).toBe('</a>; rel=x, </b>; rel=y')
  })

  test('repeated request fields reach the upstream with all values', async () => {
    const up = await service()
    const { send } = await lane.start(to(up))
    await send({
      headers: [
        ['x-tag', 'one'],
        ['x-tag', 'two'],
        ['cookie', 'a=1; b=2'],
      ],
    })
    const tags = up.requests[0]!.rawHeaders.flatMap((text, i, all) => (i % 2 === 0 && text.toLowerCase() === 'x-tag' ? [all[i + 1]!] : []))
    expect(tags.join(', ')).toBe('one, two')
    expect(up.requests[0]!.header('cookie')).toBe('a=1; b=2')
  })

  test.each([204, 205, 304])('%i passes without a body', async (status) => {
    const up = await service(
      (_request, response) => void response.writeHead(status, { etag: '"v1"', ...(status === 205 ? { 'content-length': '0' } : {}) }).end(),
    )
    const { send } = await lane.start(to(up))
    const answer = await send({})
    expect([answer.status, answer.body.length, answer.header('etag')]).toEqual([status, 0, '"v1"'])
    // The connection is still in step: the next answer is read as such.
    expect((await send({})).status).toBe(status)
  })

  test.each([301, 302, 303, 307, 308])('[R30] a %i redirect passes untouched and is not followed', async (status) => {
    const up = await service((_request, response) => void response.writeHead(status, { location: '/elsewhere?x=1' }).end('moved'))
    const { send } = await lane.start(to(up))
    const answer = await send({ method: 'POST', body: 'data' })
    expect([answer.status, answer.header('location'), answer.text]).toEqual([status, '/elsewhere?x=1', 'moved'])
    expect(up.count).toBe(1)
  })

  test.each([400, 401, 404, 418, 429, 500, 502, 503, 599])(
    "an upstream's own %i passes as it is and is not tried again",
    async (status) => {
      const up = await service(
        (_request, response) =>
          void response
            .writeHead(status, { 'content-type': 'text/html', 'www-authenticate': 'Basic realm="x"', 'retry-after': '7' })
            .end('<h1>mine</h1>'),
      )
      const { send } = await lane.start(to(up))
      const answer = await send({})
      expect([answer.status, answer.text, answer.header('content-type')]).toEqual([status, '<h1>mine</h1>', 'text/html'])
      expect(answer.header('retry-after')).toBe('7')
      expect(up.count).toBe(1)
    },
  )

  test('an answer without a content-type gets none', async () => {
    const up = await service((_request, response) => void response.writeHead(200).end('plain'))
    const { send } = await lane.start(to(up))
    const answer = await send({})
    expect([answer.text, answer.header('content-type')]).toEqual(['plain', undefined])
  })

  test('unusual but legal field values pass byte for byte', async () => {
    const up = await service(
      (_request, response) => void response.writeHead(200, { 'x-latin': 'caf\u00e9', 'x-empty': '', 'x-quoted': '"a\\"b", c' }).end('ok'),
    )
    const { send } = await lane.start(to(up))
    const answer = await send({ headers: [['x-in', 'gr\u00fc\u00df']] })
    expect([answer.header('x-latin'), answer.header('x-empty'), answer.header('x-quoted')]).toEqual(['caf\u00e9', '', '"a\\"b", c'])
    expect(up.requests[0]!.header('x-in')).toBe('gr\u00fc\u00df')
  })

  test('nothing matched is 404 and a wrong method is 405 with Allow, both as problem documents', async () => {
    const up = await service()
    const { send } = await lane.start({ ...to(up), routes: [{ path: '/only', upstream: 'up', methods: ['GET', 'PUT'] }] })
    const missing = await send({ path: '/missing' })
    expect([missing.status, missing.header('content-type'), missing.json()['code']]).toEqual([
      404,
      'application/problem+json',
      'ROUTE_NOT_FOUND',
    ])
    const wrong = await send({ method: 'POST', path: '/only', body: 'x' })
    expect([wrong.status, wrong.json()['code']]).toEqual([405, 'METHOD_NOT_ALLOWED'])
    expect(wrong.header('allow')!.split(', ').toSorted()).toEqual(['GET', 'HEAD', 'PUT'])
    expect(up.count).toBe(0)
  })
})
