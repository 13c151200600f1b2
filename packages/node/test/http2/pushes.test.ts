import { active, running, webLane } from '../support/running.ts'
import { answerOf, ask } from './support/client.ts'
import { connect, constants } from 'node:http2'
import { expect, onTestFinished, test } from 'vitest'
import { HeaderList } from '@octopus-gateway/core'
import { service, to } from '../support/upstreams.ts'
import { waitFor } from '@octopus-gateway/testing'
import type { ClientHttp2Session } from 'node:http2'
import type { Plugin } from '@octopus-gateway/core'
import type { Service } from '@octopus-gateway/testing'
import type { StreamAnswer } from './support/client.ts'

const LINKS = '</a.css>; rel=preload, </b.js>; rel=preload, </no>; rel=preload; nopush, <//other.example/c>; rel=preload'

/** A service whose page names others, as each of them does. */
const site = (): Promise<Service> =>
  service((request, response) => {
    response.writeHead(200, { link: LINKS })
    response.end(`body of ${request.url}`)
  })

function client(port: number, enablePush: boolean): ClientHttp2Session {
  const opened = connect(`http://127.0.0.1:${port}`, { settings: { enablePush } })
  opened.on('error', () => {})
  onTestFinished(() => opened.destroy())
  return opened
}

/** Answers pushed on a session, by path, as they end. */
function pushesOf(on: ClientHttp2Session): Map<string, StreamAnswer> {
  const pushed = new Map<string, StreamAnswer>()
  on.on('stream', (stream, headers) => {
    let status = 0
    stream.on('push', (fields) => (status = Number(fields[':status'])))
    void answerOf(stream).then((answer) => pushed.set(String(headers[':path']), { ...answer, status }))
  })
  return pushed
}

/** Turns away who does not say who it is, and everybody from one path. */
const guard: Plugin = {
  name: 'guard',
  version: '1.0.0',
  identity: { name: 'guard', version: '1.0.0', config: null },
  setup: () => ({
    onRequest: ({ request }) =>
      request.target === '/b.js' || request.headers.get('authorization') !== 'me'
        ? { status: 401, headers: new HeaderList(), body: null }
        : undefined,
  }),
}

test.each([
  ['head', []],
  ['web', webLane()],
])('what an answer names is pushed, once, through the whole gateway (%s lane)', async (_lane, plugins) => {
  const up = await site()
  const { port, gateway } = await running({ ...to(up), plugins: [...plugins] }, { http2Push: true })
  const on = client(port, true)
  const pushed = pushesOf(on)
  const answer = await ask(on, { authorization: 'me', cookie: 'a=1' })
  expect([answer.status, answer.body, answer.header('link')]).toEqual([200, 'body of /', LINKS])
  await waitFor(() => pushed.size === 2, { what: 'two pushes' })
  const seen = [...pushed].map(([path, { status, body }]) => [path, status, body]).toSorted()
  expect(seen).toEqual([
    ['/a.css', 200, 'body of /a.css'],
    ['/b.js', 200, 'body of /b.js'],
  ])
  expect(up.requests.map(({ url }) => url).toSorted()).toEqual(['/', '/a.css', '/b.js'])
  for (const name of ['authorization', 'cookie', 'host', 'x-forwarded-for'])
    expect(up.requests.map((request) => request.header(name))).toEqual(Array.from({ length: 3 }, () => up.requests[0]!.header(name)))
  await waitFor(() => active(gateway) === 0)
  const counted = gateway.metrics.snapshot().series.find(({ label }) => label === '/*')!
  expect(counted.requests.reduce((sum, [, count]) => sum + count, 0)).toBe(3)
})

test('policies hold for what is pushed', async () => {
  const up = await site()
  const { port } = await running({ ...to(up), plugins: [guard] }, { http2Push: true })
  const on = client(port, true)
  const pushed = pushesOf(on)
  expect((await ask(on, { authorization: 'me' })).status).toBe(200)
  await waitFor(() => pushed.size === 2, { what: 'two pushes' })
  expect([pushed.get('/a.css')!.status, pushed.get('/b.js')!.status]).toEqual([200, 401])
  expect(up.requests.map(({ url }) => url).toSorted()).toEqual(['/', '/a.css'])
})

test.each([
  ['the client does not take them', false, { http2Push: true }, {}],
  ['nobody has asked for them', true, {}, {}],
  ['the request is no GET', true, { http2Push: true }, { ':method': 'DELETE' }],
])('there are none where %s', async (_why, enablePush, serving, fields) => {
  const up = await site()
  const { port } = await running(to(up), serving)
  const on = client(port, enablePush)
  const pushed = pushesOf(on)
  expect((await ask(on, fields)).status).toBe(200)
  // Pushes are promised before the head of the answer.
  await new Promise<void>((resolve, reject) => void on.ping((error) => (error === null ? resolve() : reject(error))))
  expect([pushed.size, up.count]).toEqual([0, 1])
})

test('pushes that a client refuses cost it nothing', async () => {
  const up = await site()
  const { port, gateway } = await running(to(up), { http2Push: true })
  const on = client(port, true)
  let refused = 0
  on.on('stream', (stream) => {
    refused += 1
    stream.on('error', () => {})
    stream.close(constants.NGHTTP2_CANCEL)
  })
  for (let i = 0; i < 420; i++) expect((await ask(on)).status).toBe(200)
  // More than a client may reset of what it has asked for itself.
  expect(refused).toBe(840)
  await waitFor(() => active(gateway) === 0)
  expect(gateway.metrics.snapshot().rejected).toEqual([])
})
