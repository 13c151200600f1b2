import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { Cli } from './harness.ts'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type PeerCertificate } from 'node:tls'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { testCertificates, waitFor } from '@octopus-gateway/testing'
import type { AddressInfo } from 'node:net'

let cli: Cli
let upstream: Server
let sockets: Set<Socket>
let accepted = 0
beforeEach(async () => {
  cli = new Cli()
  accepted = 0
  sockets = new Set()
  upstream = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
    if (request.url !== '/users/events') response.end('hello')
    else response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
  })
  upstream.on('connection', (socket: Socket) => {
    accepted += 1
    sockets.add(socket)
  })
  upstream.on('upgrade', (_request, socket: Socket) => {
    const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
    socket.on('data', () => socket.write(Buffer.from([0x81, 2, 0x68, 0x69])))
    socket.on('end', () => socket.end())
    socket.on('error', () => socket.destroy())
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
})
afterEach(() => {
  cli[Symbol.dispose]()
  for (const socket of sockets) socket.destroy()
  upstream.close()
})

const portOf = (server: Server): number => (server.address() as AddressInfo).port

const config = (routes: string, extra = '', server = ''): string =>
  `server: { http_port: 0, host: 127.0.0.1, admin_port: 0${server} }\n` +
  `upstreams: [{ name: users, instances: [{ address: 127.0.0.1, port: ${portOf(upstream)} }] }]\n` +
  `routes: [{ path: /users/*, upstream: users }${routes}]\n${extra}`

interface Started {
  readonly url: string
  readonly tls: string | null
}

async function start(text: string): Promise<Started> {
  cli.file('octopus.yaml', text)
  const running = cli.run(['-c', 'octopus.yaml', '--no-watch'])
  onTestFinished(async () => {
    cli.signal()
    expect(await running).toBe(0)
  })
  const [line] = await cli.seen(/\{.*gateway started.*\}\n/)
  return JSON.parse(line) as Started
}

let reloads = 0
async function reload(text: string): Promise<void> {
  reloads = cli.out.split('configuration reloaded').length - 1
  cli.file('octopus.yaml', text)
  cli.hangUp()
  await waitFor(() => cli.out.split('configuration reloaded').length - 1 > reloads)
}

const RATE = 'middleware: [{ name: rate_limit, rate: 1, per: 1h, burst: 2 }]\n'

test('[R34] a reload of everything else does not fill the buckets of a rate limit again; one of the limit itself does', async () => {
  const { url } = await start(config('', RATE))
  const status = async (): Promise<number> => (await fetch(`${url}/users/7`)).status
  expect([await status(), await status(), await status()]).toEqual([200, 200, 429])
  await reload(config(', { path: /more/*, upstream: users }', `${RATE}routing: { timeout: 9s }\n`))
  expect(await status()).toBe(429)
  await reload(config('', RATE.replace('burst: 2', 'burst: 3')))
  expect(await status()).toBe(200)
})

test('[R34] an instance that cannot be reached stays out over a reload', async () => {
  const two = (more = ''): string => config(more).replace('instances: [', 'instances: [{ address: 127.0.0.1, port: 1 }, ')
  const { url } = await start(two())
  for (let n = 0; n < 4; n++) expect((await fetch(`${url}/users/7`)).status).toBe(200)
  const outs = async (): Promise<number> => {
    const admin = (JSON.parse(/\{.*gateway started.*\}/.exec(cli.out)![0]) as { readonly admin: string }).admin
    const { upstreams } = (await (await fetch(`${admin}/_/upstreams`)).json()) as {
      readonly upstreams: readonly { readonly endpoints: readonly { readonly refusals: number }[] }[]
    }
    return upstreams[0]!.endpoints.reduce((sum, endpoint) => sum + endpoint.refusals, 0)
  }
  const before = await outs()
  expect(before).toBeGreaterThan(0)
  await reload(two(', { path: /more/*, upstream: users }'))
  expect(await outs()).toBe(before)
})

test('connections to upstreams outlive reloads of routes', async () => {
  const { url } = await start(config(''))
  await (await fetch(`${url}/users/7`)).text()
  const before = accepted
  for (let n = 0; n < 5; n++) {
    await reload(config(`, { path: /more-${n}, upstream: users }`))
    await (await fetch(`${url}/users/7`)).text()
  }
  expect([before, accepted]).toEqual([1, 1])
})

/** A plugin that tells when it is let go. */
const TOLD = `
const schema = { '~standard': { version: 1, vendor: 'test', validate: (config) => ({ value: config }) } }
const factory = (config) => ({
  name: 'told', version: '1.0.0', identity: { name: 'told', version: '1.0.0', config },
  setup: ({ log }) => ({ async [Symbol.asyncDispose]() { log.info('let go: ' + config.word) } }),
})
export default Object.assign(factory, { pluginName: 'told', config: schema })
`
const withPlugin = (word: string): string => `plugins: [{ name: told, path: ./told.mjs, config: { word: ${word} } }]\n`

test('WebSocket and event streams of an earlier generation go on over reloads that take their route away; its plugins end with them', async () => {
  cli.file('told.mjs', TOLD)
  const { url } = await start(config('', withPlugin('one')))
  const stop = new AbortController()
  const events = await fetch(`${url}/users/events`, { signal: stop.signal })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write(
    'GET /users/chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  const [head] = (await once(socket, 'data')) as [Buffer]
  expect(head.toString('latin1')).toContain('101')
  await reload(config('', withPlugin('two')).replace('/users/*', '/others/*'))
  expect((await fetch(`${url}/users/7`)).status).toBe(404)
  socket.write(Buffer.from([0x81, 0x81, 1, 2, 3, 4, 0x61]))
  expect(((await once(socket, 'data')) as [Buffer])[0]).toEqual(Buffer.from([0x81, 2, 0x68, 0x69]))
  const reader = events.body!.getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: 1\n\n')
  expect(cli.out).not.toContain('let go')
  socket.destroy()
  stop.abort()
  await cli.seen(/let go: one/)
  expect(cli.out).not.toContain('let go: two')
})

test('limits and timeouts hold from the reload on', async () => {
  const { url } = await start(config(''))
  await reload(config('', '', ', limits: { uri: 64B, headers: 32KiB }, timeouts: { header: 200ms }'))
  expect((await fetch(`${url}/users/${'x'.repeat(100)}`)).status).toBe(414)
  expect((await fetch(`${url}/users/7`, { headers: { long: 'x'.repeat(20_000) } })).status).toBe(200)
  const slow = connect(Number(new URL(url).port), '127.0.0.1')
  slow.write('GET /users/7 HTTP/1.1\r\n')
  expect(String(((await once(slow, 'data')) as [Buffer])[0])).toContain('408')
  slow.destroy()
})

test('certificates follow the list and its paths', async () => {
  const { issue } = testCertificates()
  const names = ['localhost', 'shop.test']
  for (const name of names) {
    const { cert, key } = issue({ names: [name] })
    cli.file(`${name}.crt`, cert)
    cli.file(`${name}.key`, key)
  }
  const tls = (list: readonly string[]): string =>
    `tls: { certificates: [${list.map((name) => `{ cert: ${name}.crt, key: ${name}.key }`).join()}] }\n`
  const started = await start(config('', tls(['localhost']), ', https_port: 0'))
  const shown = async (servername: string): Promise<string | undefined> => {
    const socket = connectTls({ port: Number(new URL(started.tls!).port), host: '127.0.0.1', servername, rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const { subjectaltname } = socket.getPeerCertificate() as PeerCertificate
    socket.destroy()
    return subjectaltname
  }
  expect(await shown('shop.test')).toContain('localhost')
  await reload(config('', tls(names), ', https_port: 0'))
  expect([await shown('localhost'), await shown('shop.test')]).toEqual([
    expect.stringContaining('localhost'),
    expect.stringContaining('shop.test'),
  ])
  await reload(config('', tls(['shop.test']), ', https_port: 0'))
  expect(await shown('localhost')).toContain('shop.test')
  cli.file('octopus.yaml', config(''))
  cli.hangUp()
  await cli.seen(/need a restart.*"keys":\["tls\.enabled"\]/)
  expect(await shown('localhost')).toContain('shop.test')
})
