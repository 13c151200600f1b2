import {
  closesAfter,
  hang,
  respondWith,
  startRawServer,
  startService,
  testCertificates,
  waitFor,
  type RawServer,
} from '@octopus-gateway/testing'
import { HttpClient, remediesOf, tlsContext, TooLarge, type Place, type Times } from '@octopus-gateway/discovery-support'
import { expect, onTestFinished, test } from 'vitest'
import { existsSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

const remedies = remediesOf({ address: 'address', server: 'it', plain: 'write http', secure: 'write https' })
const { signal } = new AbortController()
const SOON: Times = { head: 20_000, body: 20_000 }

function clientOf(origin: string, more: Partial<Place> = {}): HttpClient {
  const client = new HttpClient({ name: `Registry at ${origin}`, origin, tls: null, remedies, ...more })
  onTestFinished(() => client[Symbol.dispose]())
  return client
}

async function serverOf(handler: Parameters<typeof startRawServer>[0]): Promise<RawServer> {
  const server = await startRawServer(handler)
  onTestFinished(() => server.close())
  return server
}

const answer = (body: string, status = '200 OK'): string => `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`

test('what is asked arrives, and the connection is used again until the client is disposed of', async () => {
  await using service = await startService()
  const client = clientOf(service.origin)
  const headers = { 'x-token': 't' }
  for (let i = 0; i < 3; i++) {
    const told = await client.ask({ method: 'PUT', path: '/a?b=c', headers, body: '{"d":1}', times: SOON, signal })
    expect(told.status).toBe(200)
    await told.text(100_000)
  }
  const { method, url, rawHeaders, body } = service.requests[0]!
  expect([method, url, String(body)]).toEqual(['PUT', '/a?b=c', '{"d":1}'])
  expect(rawHeaders.map((one) => one.toLowerCase())).toEqual(
    expect.arrayContaining(['x-token', 't', 'content-type', 'application/json', '7']),
  )
  expect(service.connections.accepted).toBe(1)
})

test('without keepAlive every question has a connection of its own', async () => {
  const server = await serverOf(respondWith(answer('ok')))
  const place = { name: 'Registry', origin: server.origin, tls: null, remedies }
  const client = new HttpClient(place, { keepAlive: false })
  for (let i = 0; i < 2; i++) expect(await (await client.ask({ path: '/', times: SOON, signal })).text(10)).toBe('ok')
  expect(server.connections.accepted).toBe(2)
  await waitFor(() => server.connections.open === 0)
})

test('a kept connection that was closed meanwhile is no outage', async () => {
  // Closed at the moment of the second request.
  const server = await serverOf((socket) => {
    let requests = 0
    socket.on('data', () => {
      requests += 1
      if (requests === 1) socket.write(answer('ok'))
      else socket.resetAndDestroy()
    })
  })
  const client = clientOf(server.origin)
  for (let i = 0; i < 3; i++) expect(await (await client.ask({ path: '/', times: SOON, signal })).text(10)).toBe('ok')
  expect(server.connections.accepted).toBeGreaterThan(1)
  await using once = await startRawServer(closesAfter(1))
  expect((await clientOf(once.origin).ask({ path: '/', times: SOON, signal })).status).toBe(200)
})

test('an answer that is too large is refused, and its connection closed', async () => {
  const server = await serverOf(respondWith(answer('x'.repeat(11))))
  const told = await clientOf(server.origin).ask({ path: '/', times: SOON, signal })
  await expect(told.text(10)).rejects.toThrow(TooLarge)
  await waitFor(() => server.connections.open === 0)
})

test('no head, no end, and silence have their times', async () => {
  const silent = await serverOf(hang())
  const client = clientOf(silent.origin)
  await expect(client.ask({ path: '/', times: { ...SOON, head: 30 }, signal })).rejects.toThrow(
    /^Registry at \S+ did not answer within 30 ms\.$/,
  )
  const half = await serverOf(respondWith('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'))
  const begun = await clientOf(half.origin).ask({ path: '/', times: { ...SOON, body: 30 }, signal })
  await expect(begun.text(100)).rejects.toThrow(/did not complete its answer within 30 ms/)
  const whole = async (): Promise<string> => (await clientOf(half.origin).ask({ path: '/', times: { head: 300 }, signal })).text(100)
  await expect(whole()).rejects.toThrow(/did not answer within 300 ms/)
  const stream = await clientOf(half.origin).ask({ path: '/', times: { head: 20_000, body: Infinity, silence: 30 }, signal })
  await expect(stream.lines(100).next()).rejects.toThrow(/has fallen silent/)
  await waitFor(() => silent.connections.open === 0 && half.connections.open === 0)
})

test('the end of a refusal is not waited for as long as a stream may last', async () => {
  const refusing = await serverOf(respondWith('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nhalf'))
  const told = await clientOf(refusing.origin).ask({ path: '/', times: { head: 300, body: Infinity }, signal })
  expect(told.status).toBe(503)
  await expect(told.text(100)).rejects.toThrow(/did not answer within 300 ms/)
})

test('lines come as they are written; a connection that breaks is an outage', async () => {
  let breaks = (): void => {}
  const server = await serverOf((socket) => {
    breaks = () => void socket.resetAndDestroy()
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na\nbc\n\r\n')
  })
  const told = await clientOf(server.origin).ask({ path: '/', times: { head: 20_000, body: Infinity }, signal })
  const lines = told.lines(100)
  expect([(await lines.next()).value, (await lines.next()).value]).toEqual(['a', 'bc'])
  breaks()
  await expect(lines.next()).rejects.toThrow(/^Registry at \S+ cannot be reached \(/)
})

const TCP = '/proc/net/tcp'

/** In how many seconds the network is asked, for each connection to a port where that is so: timer `02` of the kernel, in hundredths of a second. */
const keptAlive = (port: number): number[] => {
  const peer = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = readFileSync(TCP, 'utf8')
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
  return rows
    .filter(([, , remote]) => remote?.endsWith(peer))
    .map((row) => row[5]!.split(':'))
    .filter(([timer]) => timer === '02')
    .map(([, when]) => Number.parseInt(when!, 16) / 100)
}

const KINDS = [{ keepAlive: true }, { keepAlive: false }]

test.skipIf(!existsSync(TCP)).each(KINDS)(
  'while nothing comes the network is asked whether the server is still there: %j',
  async (kind) => {
    const server = await serverOf(hang())
    const stop = new AbortController()
    using client = new HttpClient({ name: 'Registry', origin: server.origin, tls: null, remedies }, kind)
    const asked = client.ask({ path: '/', times: SOON, signal: stop.signal })
    const seconds = await waitFor(() => {
      const found = keptAlive(server.port)
      return found.length > 0 && found
    })
    expect(Math.max(...seconds)).toBeLessThanOrEqual(10.5)
    stop.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
  },
)

test('whoever stops asking gets the reason, and nothing stays open', async () => {
  const server = await serverOf(hang())
  const stop = new AbortController()
  const asked = clientOf(server.origin).ask({ path: '/', times: SOON, signal: stop.signal })
  await waitFor(() => server.connections.open === 1)
  stop.abort(new Error('enough'))
  await expect(asked).rejects.toThrow('enough')
  await waitFor(() => server.connections.open === 0)
})

test('over TLS: who is trusted, and what to do when it is somebody else', async () => {
  const { ca, server: own } = testCertificates()
  const server = createTlsServer(own, (_, response) => response.end('ok')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = async (tls: Parameters<typeof tlsContext>[0]): Promise<string> => {
    const told = await clientOf(origin, { tls: await tlsContext(tls) }).ask({ path: '/', times: SOON, signal })
    return told.text(10)
  }
  expect([await ask({ ca }), await ask({ verify: false })]).toEqual(['ok', 'ok'])
  await expect(ask(undefined)).rejects.toThrow(
    /cannot be reached \(\w+\): its certificate is not trusted; give the certificate that signed it in tls\.ca/,
  )
  await expect(ask({ ca, serverName: 'elsewhere.test' })).rejects.toThrow(/certificate is for another name; set tls\.server_name/)
  const plain = clientOf(origin.replace('https', 'http'))
  await expect(plain.ask({ path: '/', times: SOON, signal })).rejects.toThrow(/where it speaks TLS, write https/)
})
