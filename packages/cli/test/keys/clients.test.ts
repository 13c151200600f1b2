import { afterAll, beforeAll, expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { head, open } from './client.ts'
import { rawRequest, respondWith, startRawServer, startService, waitFor, type Service } from '@octopus-gateway/testing'
import { running, type Running } from './running.ts'
import { upstream } from './yaml.ts'

let echo: Service
let standard: Running
beforeAll(async () => {
  echo = await startService()
  standard = await running(upstream(echo.port))
})
afterAll(async () => {
  await standard[Symbol.asyncDispose]()
  await echo[Symbol.asyncDispose]()
})

/** A gateway in front of the echo service with something more under `server`. */
const withServer = (server: string): Promise<Running> => running(`server: { ${server} }\n${upstream(echo.port)}`)

/** The status that bytes are answered with on a connection of their own. */
const statusOf = async (gateway: Running, bytes: string): Promise<number> => (await rawRequest(gateway.port, bytes)).response.status

/** The gateway ends a connection that the standard one still keeps when it does. Gives what it sent. */
async function endsEarlier(gateway: Running, begin: (port: number) => ReturnType<typeof open>): Promise<string> {
  const [short, long] = [begin(gateway.port), begin(standard.port)]
  await short.closed
  expect(long.isClosed).toBe(false)
  return short.text
}

behaviour('server.trusted_proxies[]', 'whose forwarding fields are believed; those of others are replaced', async () => {
  const asked = head('GET', '/', 'X-Forwarded-For: 203.0.113.9', 'X-Forwarded-Proto: https')
  const seenBy = async (gateway: Running): Promise<readonly (string | undefined)[]> => {
    await statusOf(gateway, asked)
    const request = echo.requests.at(-1)!
    return [request.header('x-forwarded-for'), request.header('x-forwarded-proto')]
  }
  expect(await seenBy(standard)).toEqual(['127.0.0.1', 'http'])
  await using elsewhere = await withServer('trusted_proxies: [10.0.0.0/8]')
  expect(await seenBy(elsewhere)).toEqual(['127.0.0.1', 'http'])
  await using trusting = await withServer('trusted_proxies: [10.0.0.0/8, 127.0.0.0/8]')
  expect(await seenBy(trusting)).toEqual(['203.0.113.9, 127.0.0.1', 'https'])
})

behaviour('server.timeouts.header', 'a head that comes too slowly is answered 408', async () => {
  await using gateway = await withServer('timeouts: { header: 200ms }')
  expect(await endsEarlier(gateway, (port) => open(port, 'GET / HTTP/1.1\r\nHost: a'))).toMatch(/^HTTP\/1\.1 408 /)
})

behaviour('server.timeouts.idle', 'a request that stands still is answered 408', async () => {
  await using gateway = await withServer('timeouts: { idle: 200ms }')
  const half = `${head('POST', '/', 'Content-Length: 2')}x`
  expect(await endsEarlier(gateway, (port) => open(port, half))).toMatch(/^HTTP\/1\.1 408 /)
})

behaviour('server.timeouts.idle', 'a client that does not read loses its answer', async () => {
  const size = 32 * 1024 ** 2
  await using large = await startService({ handler: (_request, response) => void response.end(Buffer.alloc(size)) })
  await using gateway = await running(`server: { timeouts: { idle: 200ms } }\n${upstream(large.port)}`)
  const client = open(gateway.port, head('GET', '/'))
  client.socket.pause()
  await waitFor(() => large.count === 1 && large.connections.open === 0, { timeout: 3000 })
  client.socket.resume()
  await client.closed
  expect(client.text.length).toBeLessThan(size)
})

behaviour('server.timeouts.keep_alive', 'a connection without a next request is closed', async () => {
  await using gateway = await withServer('timeouts: { keep_alive: 200ms }')
  const answered = (port: number): ReturnType<typeof open> => open(port, head('GET', '/'))
  expect(await endsEarlier(gateway, answered)).toMatch(/^HTTP\/1\.1 200 /)
})

behaviour('server.timeouts.request_body', 'a body that goes on for too long is answered 408, however steadily it comes', async () => {
  await using gateway = await withServer('timeouts: { request_body: 300ms, header: 300ms }')
  const dripping = (port: number): ReturnType<typeof open> => {
    const client = open(port, head('POST', '/', 'Transfer-Encoding: chunked'))
    const timer = setInterval(() => (client.isClosed ? clearInterval(timer) : client.send('1\r\nx\r\n')), 20)
    client.socket.on('close', () => clearInterval(timer))
    return client
  }
  expect(await endsEarlier(gateway, dripping)).toMatch(/^HTTP\/1\.1 408 /)
})

behaviour('server.timeouts.request_body', 'none, the default, can be written', async () => {
  await using gateway = await withServer('timeouts: { request_body: none }')
  expect(await gateway.status('/', { method: 'POST', body: 'x' })).toBe(200)
})

const path = (length: number): string => `/${'u'.repeat(length - 1)}`

behaviour('server.limits.uri', 'a longer target is answered 414', async () => {
  await using gateway = await withServer('limits: { uri: 100 }')
  expect([await gateway.status(path(100)), await gateway.status(path(101))]).toEqual([200, 414])
  expect([await standard.status(path(8192)), await standard.status(path(8193)), await standard.status(path(30_000))]).toEqual([
    200, 414, 431,
  ])
})

behaviour('server.limits.headers', 'more bytes of fields are answered 431', async () => {
  // `Host: gateway.test` takes 20 bytes, `X: ` and the line end take 5.
  const bytes = (count: number): string => head('GET', '/', `X: ${'h'.repeat(count - 25)}`)
  // An upstream with a limit of its own would answer 431 too.
  await using patient = await startRawServer(respondWith('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  await using gateway = await running(`server: { limits: { headers: 1KiB } }\n${upstream(patient.port)}`)
  expect([await statusOf(gateway, bytes(1024)), await statusOf(gateway, bytes(1025))]).toEqual([200, 431])
  await using other = await running(upstream(patient.port))
  expect([await statusOf(other, bytes(16_384)), await statusOf(other, bytes(16_385))]).toEqual([200, 431])
})

behaviour('server.limits.header_count', 'more fields are answered 431', async () => {
  const fields = (count: number): string => head('GET', '/', ...Array.from({ length: count - 1 }, (_, index) => `X-${index}: 1`))
  await using gateway = await withServer('limits: { header_count: 5 }')
  expect([await statusOf(gateway, fields(5)), await statusOf(gateway, fields(6))]).toEqual([200, 431])
  expect([await statusOf(standard, fields(100)), await statusOf(standard, fields(101))]).toEqual([200, 431])
})

const declared = (length: number): string => head('POST', '/', `Content-Length: ${length}`) + 'b'.repeat(length)
const chunked = (length: number): string =>
  `${head('POST', '/', 'Transfer-Encoding: chunked')}${length.toString(16)}\r\n${'b'.repeat(length)}\r\n0\r\n\r\n`

behaviour('server.limits.body', 'a larger body is answered 413, whether its length is declared or not', async () => {
  await using gateway = await withServer('limits: { body: 1KiB }')
  expect([await statusOf(gateway, declared(1024)), await statusOf(gateway, declared(1025))]).toEqual([200, 413])
  expect([await statusOf(gateway, chunked(1024)), await statusOf(gateway, chunked(1025))]).toEqual([200, 413])
})

behaviour('server.limits.body', 'none, the default, lets every size pass', async () => {
  await using gateway = await withServer('limits: { body: none }')
  for (const one of [gateway, standard])
    expect([await statusOf(one, declared(2_000_000)), await statusOf(one, chunked(2_000_000))]).toEqual([200, 200])
})

/** Connections that are kept open, each with an answer, or closed without one. */
async function answered(gateway: Running, from: readonly string[]): Promise<boolean[]> {
  const results: boolean[] = []
  for (const address of from) {
    const client = open(gateway.port, head('GET', '/'), { from: address })
    await Promise.race([client.closed, client.received('200 OK')])
    results.push(client.text !== '')
  }
  return results
}

behaviour('server.limits.connections', 'further connections are closed', async () => {
  const three = Array.from({ length: 3 }, () => '127.0.0.1')
  await using gateway = await withServer('limits: { connections: 2 }')
  expect(await answered(gateway, three)).toEqual([true, true, false])
  expect(await answered(standard, three)).toEqual([true, true, true])
})

behaviour('server.limits.connections', 'none can be written', async () => {
  await using gateway = await withServer('limits: { connections: none }')
  expect(await answered(gateway, ['127.0.0.1'])).toEqual([true])
})

behaviour('server.limits.connections_per_ip', 'further connections of one address are closed, others are not', async () => {
  const addresses = ['127.0.0.1', '127.0.0.1', '127.0.0.1', ...(process.platform === 'linux' ? ['127.0.0.2'] : [])]
  await using gateway = await withServer('limits: { connections_per_ip: 2 }')
  expect(await answered(gateway, addresses)).toEqual([true, true, false, true].slice(0, addresses.length))
  await using unlimited = await withServer('limits: { connections_per_ip: none }')
  for (const one of [unlimited, standard]) expect(await answered(one, addresses)).toEqual(addresses.map(() => true))
})
