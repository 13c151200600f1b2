import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { createSecureServer as createSecureHttp2, createServer as createHttp2 } from 'node:http2'
import { gzipSync, brotliCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { closedPort, startRawServer, testCertificates } from '@octopus-gateway/testing'
import { documentFetcher } from './guarded.ts'
import { FetchError } from './fetcher.ts'
import { LIMITS } from '../limits.ts'
import { Turns } from './turns.ts'
import { undiciFetcher } from './undici.ts'
import type { AddressInfo } from 'node:net'
import type { DocumentRequest, FetchedDocument } from './guarded.ts'
import type { Fetcher } from './fetcher.ts'
import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { Limits } from '../limits.ts'

const fast: Limits = { ...LIMITS, connectMs: 500, headersMs: 250, totalMs: 600 }

interface Site extends AsyncDisposable {
  readonly port: number
  readonly origin: string
  readonly requests: IncomingMessage[]
}

async function site(handler: RequestListener): Promise<Site> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Asking extends Partial<Omit<DocumentRequest, 'url'>> {
  readonly fetcher?: Fetcher
  readonly ports?: readonly number[]
  readonly allowedHosts?: readonly string[]
  readonly limits?: Limits
}

function ask(
  url: string,
  { fetcher = undiciFetcher(), ports = [], allowedHosts = [], limits = fast, ...more }: Asking = {},
): Promise<FetchedDocument> {
  const registered = [Number(new URL(url).port), ...ports].map((port) => ({ scheme: 'http', host: '127.0.0.1', port }) as const)
  const scope = { registered, service: 'users', allowedHosts, requireHttps: undefined }
  const request = {
    url: new URL(url),
    scope,
    maxBytes: 1_000_000,
    accept: 'application/json',
    signal: new AbortController().signal,
    ...more,
  }
  return documentFetcher(fetcher, limits, new Turns(8, 2)).fetch(request)
}

async function failure(work: Promise<unknown>): Promise<FetchError> {
  const thrown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(FetchError)
  return thrown as FetchError
}

test('a document comes decoded, with its tag; a 304 is an answer', async () => {
  for (const [coding, encode] of [
    ['identity', (bytes: Buffer) => bytes],
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ] as const) {
    await using server = await site((request, response) => {
      if (request.headers['if-none-match'] === '"1"') return void response.writeHead(304).end()
      response.writeHead(200, {
        'content-type': 'application/json',
        etag: '"1"',
        ...(coding === 'identity' ? {} : { 'content-encoding': coding }),
      })
      response.end(encode(Buffer.from('{"a":1}')))
    })
    const answer = await ask(`${server.origin}/a?b=c`)
    expect(Buffer.from(answer.body).toString()).toBe('{"a":1}')
    expect(answer).toMatchObject({ status: 200, etag: '"1"', contentType: 'application/json' })
    expect(server.requests[0]!.url).toBe('/a?b=c')
    expect((await ask(`${server.origin}/a`, { etag: '"1"' })).status).toBe(304)
  }
})

test('who refuses, who is silent, who says no', async () => {
  expect((await failure(ask(`http://127.0.0.1:${await closedPort()}/`))).kind).toBe('refused')
  await using no = await site((_request, response) => void response.writeHead(503).end())
  expect(await failure(ask(no.origin))).toMatchObject({ kind: 'status', status: 503 })
  await using garbage = await startRawServer((socket) => void socket.end('this is not HTTP\r\n\r\n'))
  expect((await failure(ask(garbage.origin))).kind).toBe('network')
})

test('[R38] [F12.6.headers] slow heads, slow bodies and endless bodies end in time', async () => {
  await using mute = await site(() => {})
  await using drip = await site((_request, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write(' '), 30)
    response.on('close', () => clearInterval(timer))
  })
  for (const server of [mute, drip]) {
    const start = performance.now()
    expect((await failure(ask(server.origin))).kind).toBe('timeout')
    expect(performance.now() - start).toBeLessThan(2500)
  }
})

test('[R38] [F12.4.streaming] an answer is cut at its limit, whatever it says of its length', async () => {
  let sent = 0
  await using endless = await site((_request, response) => {
    response.writeHead(200)
    const chunk = Buffer.alloc(65_536, 'a')
    const more = (): void => {
      while (!response.destroyed && sent < 200_000_000 && response.write(chunk)) sent += chunk.length
    }
    response.on('drain', more)
    more()
  })
  expect((await failure(ask(endless.origin))).kind).toBe('content')
  expect(sent).toBeLessThan(50_000_000)
})

test('[R38] [F12.5.http] compressed bombs, unknown and nested codings are refused', async () => {
  for (const [coding, body] of [
    ['gzip', gzipSync(Buffer.alloc(20_000_000))],
    ['br', brotliCompressSync(Buffer.alloc(20_000_000))],
    ['gzip', gzipSync(Buffer.alloc(900_000))],
    ['gzip', gzipSync(randomBytes(700_000).toString('hex'))],
    ['gzip', Buffer.from('not gzip at all')],
    ['gzip, gzip', gzipSync(gzipSync('{}'))],
    ['zstd', Buffer.from('{}')],
  ] as const) {
    await using server = await site((_request, response) => void response.writeHead(200, { 'content-encoding': coding }).end(body))
    expect((await failure(ask(server.origin, { limits: LIMITS }))).kind, coding).toBe('content')
  }
})

test('[R38] [F12.1.redirects] [F12.3.host] redirects are judged again, few, and go without the headers of another host', async () => {
  await using other = await site((_request, response) => void response.end('{}'))
  await using metadata = await site((_request, response) => void response.end('{"secret":1}'))
  await using server = await site((request, response) => {
    const to: Record<string, string> = {
      '/peer': `${other.origin}/x`,
      '/same': '/end',
      '/evil': `http://localhost:${metadata.port}/`,
      '/cloud': 'http://169.254.169.254/latest',
      '/loop': '/loop',
      '/file': 'file:///etc/passwd',
      '/auth': `http://a:b@127.0.0.1:${other.port}/`,
      '/bad': 'http://[',
    }
    const location = to[request.url ?? '']
    if (location === undefined) response.end('{}')
    else response.writeHead(302, { location }).end()
  })
  const headers = new Map([['x-token', 'secret']])
  await ask(`${server.origin}/peer`, { headers, ports: [other.port] })
  expect(server.requests[0]!.headers['x-token']).toBe('secret')
  expect(other.requests[0]!.headers['x-token']).toBeUndefined()
  await ask(`${server.origin}/same`, { headers })
  expect(server.requests.at(-1)!.headers['x-token']).toBe('secret')
  for (const path of ['/evil', '/cloud', '/file', '/auth']) expect((await failure(ask(server.origin + path))).kind, path).toBe('blocked')
  for (const path of ['/loop', '/bad']) expect((await failure(ask(server.origin + path))).kind, path).toBe('status')
  expect(server.requests.filter(({ url }) => url === '/loop')).toHaveLength(4)
  expect(metadata.requests).toEqual([])
})

test('[R38] [F12.1.rebinding] a name is resolved once, and only its checked addresses are connected to', async () => {
  await using server = await site((request, response) => void response.end(JSON.stringify(request.headers.host)))
  let lookups = 0
  const answers = ['127.0.0.1', '169.254.169.254']
  const rebinding: Fetcher = {
    send: (request) => undiciFetcher().send(request),
    async resolve() {
      return [answers[lookups++]!]
    },
  }
  // The name exists nowhere: only the pinned address can have been used.
  const url = `http://users:${server.port}/`
  const scope = {
    registered: [{ scheme: 'http', host: 'users', port: server.port }] as const,
    service: 'users',
    allowedHosts: [],
    requireHttps: undefined,
  }
  const answer = await ask(url, { fetcher: rebinding, scope })
  expect(Buffer.from(answer.body).toString()).toBe(`"users:${server.port}"`)
  expect(lookups).toBe(1)
})

test('[R38] [F12.1.addresses] a name that resolves to a forbidden address is not connected to', async () => {
  await using server = await site((_request, response) => void response.end('{}'))
  const inward: Fetcher = { send: (request) => undiciFetcher().send(request), resolve: async () => ['10.0.0.1', '127.0.0.1'] }
  const scope = { registered: [], service: 'users', allowedHosts: [], requireHttps: undefined }
  expect((await failure(ask(`http://users:${server.port}/`, { fetcher: inward, scope }))).kind).toBe('blocked')
  expect(server.requests).toEqual([])
})

test('[R38] [F12.6.concurrency] at most eight fetches run at once, and two of one service', async () => {
  const turns = new Turns(8, 2)
  let running = 0
  let most = 0
  const perLane = new Map<string, number>()
  let mostOfLane = 0
  const work = (lane: string): Promise<void> =>
    turns.run(lane, async () => {
      most = Math.max(most, ++running)
      perLane.set(lane, (perLane.get(lane) ?? 0) + 1)
      mostOfLane = Math.max(mostOfLane, perLane.get(lane)!)
      await new Promise((resolve) => setTimeout(resolve, 5))
      perLane.set(lane, perLane.get(lane)! - 1)
      running--
    })
  await Promise.all(Array.from({ length: 60 }, (_, index) => work(`service-${Math.floor(index / 6)}`)))
  expect([most, mostOfLane]).toEqual([8, 2])
})

test('[F12.6.concurrency] a service with many slow documents does not keep others from theirs', async () => {
  const turns = new Turns(4, 2)
  const order: string[] = []
  const ends: (() => void)[] = []
  const ask = (lane: string): Promise<void> =>
    turns.run(lane, () => {
      order.push(lane)
      return new Promise((resolve) => ends.push(resolve))
    })
  const all = [...Array.from({ length: 20 }, () => 'slow'), ...Array.from({ length: 20 }, () => 'slower'), 'good', 'fine'].map(ask)
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  await settle()
  // Who came first has what there was.
  expect(order).toEqual(['slow', 'slow', 'slower', 'slower'])
  for (const next of ['good', 'fine']) {
    ends.shift()!()
    await settle()
    expect(order.at(-1)).toBe(next)
  }
  while (ends.length > 0) {
    ends.shift()!()
    await settle()
  }
  await Promise.all(all)
  expect(order).toHaveLength(42)
})

test('[F12.6.back-off] a place that does not answer in time is asked less and less often, for one service only', async () => {
  let isMute = true
  await using server = await site((request, response) => {
    if (!isMute || request.url === '/quick') response.end('{}')
  })
  const limits = { ...fast, totalMs: 100, headersMs: 5_000 }
  const fetcher = documentFetcher(undiciFetcher(), limits, new Turns(8, 2))
  const fetchOf = (path: string, service = 'users', backsOff = true): Promise<FetchedDocument> =>
    fetcher.fetch({
      url: new URL(server.origin + path),
      scope: { registered: [{ scheme: 'http', host: '127.0.0.1', port: server.port }], service, allowedHosts: [], requireHttps: undefined },
      maxBytes: 1_000,
      accept: '*/*',
      backsOff,
      signal: new AbortController().signal,
    })
  expect((await failure(fetchOf('/slow'))).kind).toBe('timeout')
  // In its pause nobody is asked.
  const before = server.requests.length
  expect(await failure(fetchOf('/slow?again'))).toMatchObject({
    kind: 'timeout',
    message: expect.stringContaining('not asked again') as string,
  })
  expect(server.requests).toHaveLength(before)
  expect((await fetchOf('/quick')).status).toBe(200)
  for (const [service, backsOff] of [
    ['others', true],
    ['users', false],
  ] as const)
    expect((await failure(fetchOf('/slow', service, backsOff))).message).not.toContain('not asked again')
  isMute = false
  await expect
    .poll(
      async () =>
        fetchOf('/slow').then(
          ({ status }) => status,
          () => 0,
        ),
      { timeout: 5_000 },
    )
    .toBe(200)
  // Forgiven: it is asked at once.
  expect((await fetchOf('/slow')).status).toBe(200)
})

test('an aborted fetch ends at once and leaves nothing on the signal', async () => {
  await using mute = await site(() => {})
  const controller = new AbortController()
  const pending = failure(ask(mute.origin, { signal: controller.signal, limits: { ...fast, headersMs: 30_000, totalMs: 30_000 } }))
  await expect.poll(() => mute.requests.length).toBe(1)
  const start = performance.now()
  controller.abort()
  expect((await pending).kind).toBe('timeout')
  expect(performance.now() - start).toBeLessThan(5000)
})

test('a POST has its body and its type, and is not sent on', async () => {
  const bodies: string[] = []
  await using server = await site((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      bodies.push(`${request.method} ${request.headers['content-type']} ${text}`)
      if (request.url === '/moved') response.writeHead(307, { location: '/' }).end()
      else response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{}}')
    })
  })
  const body = { type: 'application/json', bytes: new TextEncoder().encode('{"query":"{a}"}') }
  expect(Buffer.from((await ask(server.origin, { body })).body).toString()).toBe('{"data":{}}')
  expect(await failure(ask(`${server.origin}/moved`, { body }))).toMatchObject({ kind: 'status', status: 307 })
  expect(bodies).toEqual(Array.from({ length: 2 }, () => 'POST application/json {"query":"{a}"}'))
})

test('[F12.18.verify] over HTTP/2 an answer has its trailers, limits hold, and certificates are verified', async () => {
  const sessions = new Set<Http2Session>()
  const serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    stream.on('error', () => {})
    if (headers[':path'] === '/silent') return
    if (headers[':path'] === '/cut') return void stream.close(8)
    stream.respond({ ':status': 200, 'x-one': '1' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(headers[':path'] === '/large' ? Buffer.alloc(2_000) : `${headers[':method']} ${headers['te']}`)
  }
  const { server: certificate } = testCertificates()
  const servers = [createHttp2(), createSecureHttp2({ cert: certificate.cert, key: certificate.key })]
  for (const server of servers) {
    server.on('session', (session: Http2Session) => sessions.add(session)).on('stream', serve)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  }
  const [clear, secure] = servers.map((server) => (server.address() as AddressInfo).port)
  const request = { http2: true, headers: new Map([['te', 'trailers']]), body: { type: 'application/grpc', bytes: new Uint8Array(5) } }
  try {
    const answer = await ask(`http://127.0.0.1:${clear}/`, request)
    expect([Buffer.from(answer.body).toString(), answer.field('x-one'), answer.field('grpc-status')]).toEqual(['POST trailers', '1', '0'])
    const asked = (path: string): Promise<FetchError> => failure(ask(`http://127.0.0.1:${clear}${path}`, { ...request, maxBytes: 1_000 }))
    expect((await asked('/silent')).kind).toBe('timeout')
    expect((await asked('/cut')).kind).toBe('network')
    expect((await asked('/large')).kind).toBe('content')
    const scope = {
      registered: [{ scheme: 'https', host: '127.0.0.1', port: secure! }] as const,
      service: 'users',
      allowedHosts: [],
      requireHttps: undefined,
    }
    expect((await failure(ask(`https://127.0.0.1:${secure}/`, { ...request, scope }))).message).toMatch(/certificate/)
  } finally {
    for (const session of sessions) session.destroy()
    for (const server of servers) server.close()
  }
})
