// SIGTERM under load, over HTTP/1.1, HTTP/2 and TLS, with WebSocket and event streams; then an idle gateway with kept connections.
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { connect as connectHttp2, constants } from 'node:http2'
import { createRequire } from 'node:module'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawn } from 'node:child_process'
import { testCertificates } from '../../../packages/testing/dist/index.js'
import { assertBuilt } from '../../lib/build.mjs'
import { CACHE, ROOT } from '../../lib/workspace.mjs'

const { WebSocket, WebSocketServer } = createRequire(join(ROOT, 'packages/node/package.json'))('ws')
const ROUNDS = 3
const IDLE_ROUNDS = 5
const IDLE_LIMIT_MS = 200
const children = new Set()
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')))
assertBuilt('packages/cli')

const folder = join(CACHE, 'acceptance')
mkdirSync(folder, { recursive: true })
const { server: certificate } = testCertificates()
writeFileSync(join(folder, 'shutdown-cert.pem'), certificate.cert)
writeFileSync(join(folder, 'shutdown-key.pem'), certificate.key)

const backend = createServer((req, res) => {
  if (req.url === '/events') {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    const timer = setInterval(() => res.write('data: tick\n\n'), 20)
    res.once('close', () => clearInterval(timer))
    return
  }
  const body = 'x'.repeat(2_000)
  setTimeout(() => res.end(body), req.url === '/slow' ? 150 : 0)
})
backend.keepAliveTimeout = 60_000
new WebSocketServer({ server: backend }).on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
await new Promise((resolve) => backend.listen(0, '127.0.0.1', resolve))

async function startGateway(round) {
  const file = join(folder, 'shutdown.yaml')
  writeFileSync(
    file,
    [
      'server: { http_port: 0, https_port: 0, host: 127.0.0.1, admin_port: 0 }',
      'tls: { cert: shutdown-cert.pem, key: shutdown-key.pem }',
      `upstreams: [{ name: up, instances: [{ address: 127.0.0.1, port: ${backend.address().port} }] }]`,
      'routes: [{ path: "/*", upstream: up }]',
      '',
    ].join('\n'),
  )
  const path = join(folder, `shutdown-${round}.log`)
  const log = openSync(path, 'w')
  const child = spawn(process.execPath, [join(ROOT, 'packages/cli/bin/octopus.js'), '--config', file], { stdio: ['ignore', log, log] })
  children.add(child)
  const ended = once(child, 'exit').then(([code]) => {
    children.delete(child)
    return code
  })
  const lines = () =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
  for (let tries = 0; tries < 400; tries++) {
    const started = lines().find(({ message }) => message === 'gateway started')
    if (started !== undefined)
      return { child, ended, lines, port: Number(new URL(started.url).port), tls: Number(new URL(started.tls).port) }
    await sleep(25)
  }
  throw new Error(`the gateway did not start; its log: ${path}`)
}

/** What became of requests. `late`: the connection was closed, or the stream refused, before the gateway had the request; that is told apart below. */
const newTally = () => ({ ok: 0, late: 0, unaccepted: 0, lost: [], events: 0, sockets: 0 })

const dial = (port, isTls) =>
  isTls ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }) : connectTcp(port, '127.0.0.1')

/**
 * One request. A gateway that closes a socket with a request in its receive buffer makes the system answer with a reset: ECONNRESET here. When it
 * closed before the request came, its FIN is here first, and what a reset after it says is EPIPE.
 */
function askOnce(socket, path) {
  return new Promise((resolve) => {
    let text = ''
    const settle = (result) => {
      socket.off('data', onData)
      socket.off('end', onEnd)
      socket.off('error', onError)
      resolve(result)
    }
    const onData = (piece) => {
      text += piece.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      if (end === -1) return
      const head = text.slice(0, end)
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
      const body = text.slice(end + 4)
      const isWhole = Number.isNaN(length) ? body.endsWith('0\r\n\r\n') : body.length >= length
      if (isWhole) settle({ kind: head.startsWith('HTTP/1.1 200') ? 'ok' : head.split('\r\n')[0], isLast: /connection: close/i.test(head) })
    }
    const onEnd = () => settle({ kind: text === '' ? 'late' : `cut after ${text.length} bytes` })
    const onError = (error) => settle({ kind: text === '' && error.code === 'EPIPE' ? 'late' : `${error.code} after ${text.length} bytes` })
    socket.on('data', onData).on('end', onEnd).on('error', onError)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`)
  })
}

async function http1Client(tally, port, isTls, path) {
  for (;;) {
    const socket = dial(port, isTls)
    try {
      await once(socket, isTls ? 'secureConnect' : 'connect')
    } catch {
      return
    }
    socket.on('error', () => {})
    for (let count = 0; ; count++) {
      const { kind, isLast } = await askOnce(socket, path)
      if (kind === 'ok') tally.ok++
      else if (kind === 'late') tally.late++
      else if (count === 0 && kind === 'ECONNRESET after 0 bytes') tally.unaccepted++
      else tally.lost.push(`HTTP/1.1${isTls ? ' over TLS' : ''} ${path}: ${kind}`)
      if (kind !== 'ok' || isLast) break
    }
    socket.destroy()
  }
}

async function http2Client(tally, url) {
  const session = connectHttp2(url, { rejectUnauthorized: false })
  session.on('error', () => {})
  let lastStream = Infinity
  session.on('goaway', (_code, last) => (lastStream = last))
  const ask = (path) =>
    new Promise((resolve) => {
      const stream = session.request({ ':path': path })
      let status = 0
      let bytes = 0
      stream.on('response', (head) => (status = head[':status']))
      stream.on('data', (piece) => (bytes += piece.length))
      stream.on('error', () => {})
      stream.on('close', () => {
        if (status === 200 && bytes === 2_000) tally.ok++
        // RFC 9113, section 8.7: certainly not processed, and the client is told so.
        else if (bytes === 0 && (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || stream.id > lastStream || stream.id === undefined))
          tally.late++
        else
          tally.lost.push(
            `HTTP/2 ${path}: status ${status}, ${bytes} bytes, code ${stream.rstCode}, stream ${stream.id}, last ${lastStream}`,
          )
        resolve()
      })
    })
  const lane = async (path) => {
    while (!session.closed && !session.destroyed) await ask(path)
  }
  await Promise.all(['/quick', '/quick', '/quick', '/slow', '/slow'].map(lane))
  session.destroy()
}

async function eventStream(tally, port) {
  const socket = dial(port, false)
  await once(socket, 'connect')
  let text = ''
  socket.on('data', (piece) => (text += piece.toString('latin1')))
  socket.on('error', () => {})
  socket.write('GET /events HTTP/1.1\r\nHost: a.test\r\n\r\n')
  await once(socket, 'close')
  if (text.includes('data: tick') && text.endsWith('\r\n0\r\n\r\n')) tally.events++
  else tally.lost.push(`events: ended with ${JSON.stringify(text.slice(-40))}`)
}

async function webSocket(tally, url) {
  const socket = new WebSocket(url)
  await once(socket, 'open')
  socket.on('message', () => setTimeout(() => socket.readyState === WebSocket.OPEN && socket.send('ping'), 10))
  socket.send('ping')
  const [code] = await once(socket, 'close')
  if (code === 1001) tally.sockets++
  else tally.lost.push(`WebSocket: closed with ${code}`)
}

for (let round = 1; round <= ROUNDS; round++) {
  const gateway = await startGateway(round)
  const tally = newTally()
  const { port, tls } = gateway
  const clients = [
    ...Array.from({ length: 16 }, (_, i) => http1Client(tally, port, false, i % 4 === 0 ? '/slow' : '/quick')),
    ...Array.from({ length: 8 }, (_, i) => http1Client(tally, tls, true, i % 4 === 0 ? '/slow' : '/quick')),
    ...Array.from({ length: 4 }, () => http2Client(tally, `http://127.0.0.1:${port}`)),
    ...Array.from({ length: 2 }, () => http2Client(tally, `https://127.0.0.1:${tls}`)),
    ...Array.from({ length: 10 }, () => eventStream(tally, port)),
    ...Array.from({ length: 10 }, () => webSocket(tally, `ws://127.0.0.1:${port}/chat`)),
  ]
  await sleep(1_500)
  const before = tally.ok
  const asked = performance.now()
  gateway.child.kill('SIGTERM')
  const code = await gateway.ended
  const took = performance.now() - asked
  await Promise.all(clients)
  const logged = gateway.lines().filter(({ message }) => message === 'request processed')
  const bad = logged.filter(({ status }) => status !== 200 && status !== 101)
  console.log(
    `     round ${round}: ${tally.ok} answered (${tally.ok - before} after SIGTERM), ${tally.late} came behind the end of their connection, ` +
      `${tally.unaccepted} on connections never accepted; ended after ${took.toFixed(0)} ms`,
  )
  if (code !== 0) throw new Error(`the gateway ended with ${code}`)
  if (tally.lost.length > 0) throw new Error(`${tally.lost.length} lost: ${tally.lost.slice(0, 5).join('; ')}`)
  if (bad.length > 0) throw new Error(`${bad.length} requests that the gateway had did not end well: ${JSON.stringify(bad.slice(0, 3))}`)
  if (tally.events !== 10 || tally.sockets !== 10)
    throw new Error(`${tally.events} event streams and ${tally.sockets} WebSockets of 10 ended well`)
  // What the gateway has taken is what clients have been answered: nothing was read and dropped.
  const taken = logged.length - tally.events - tally.sockets
  if (taken !== tally.ok) throw new Error(`the gateway logged ${taken} requests, and clients got ${tally.ok} answers`)
}
console.log(`ok   SIGTERM under load, ${ROUNDS} times: no request whose head had arrived failed`)

const times = []
for (let round = 1; round <= IDLE_ROUNDS; round++) {
  const gateway = await startGateway(`idle-${round}`)
  const kept = []
  for (let i = 0; i < 20; i++) {
    const isTls = i % 2 === 1
    const socket = dial(isTls ? gateway.tls : gateway.port, isTls)
    await once(socket, isTls ? 'secureConnect' : 'connect')
    socket.on('error', () => {})
    const { kind } = await askOnce(socket, '/quick')
    if (kind !== 'ok') throw new Error(`idle: ${kind}`)
    kept.push(socket)
  }
  for (const url of [`http://127.0.0.1:${gateway.port}`, `https://127.0.0.1:${gateway.tls}`]) {
    const session = connectHttp2(url, { rejectUnauthorized: false })
    session.on('error', () => {})
    const stream = session.request({ ':path': '/quick' }).resume()
    await once(stream, 'close')
  }
  await sleep(200)
  const asked = performance.now()
  gateway.child.kill('SIGTERM')
  const code = await gateway.ended
  const took = performance.now() - asked
  times.push(took)
  for (const socket of kept) socket.destroy()
  if (code !== 0) throw new Error(`the gateway ended with ${code}`)
}
console.log(`     idle with 20 kept connections and 2 sessions: gone after ${times.map((time) => time.toFixed(0)).join(', ')} ms`)
if (times.some((time) => time >= IDLE_LIMIT_MS)) throw new Error(`an idle gateway took ${IDLE_LIMIT_MS} ms or more`)
console.log(`ok   an idle gateway is gone in under ${IDLE_LIMIT_MS} ms, ${IDLE_ROUNDS} times`)
process.exit(0)
