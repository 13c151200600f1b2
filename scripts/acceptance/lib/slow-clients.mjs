// Slow readers over HTTP/1.1 and HTTP/2, slow writers, and a slow upstream: what the gateway's memory does, and what others notice.
import { Agent, createServer, get } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { execFileSync, fork, spawn } from 'node:child_process'
import { FRAME_TYPES, frame, headerBlock, PREFACE } from '../../../packages/testing/dist/index.js'
import { assertBuilt } from '../../lib/build.mjs'
import { CACHE, ROOT } from '../../lib/workspace.mjs'

const PEERS = 1_000
const SECONDS = Number(process.env.OCTOPUS_SOAK_SECONDS ?? 5)
/** What docs/limits.md states for one exchange with a slow peer. */
const BOUND_KIB = 512
/** What the 99th percentile of other requests may be while slow peers are there, and while they come; a machine busy otherwise gets `PATIENCE` times the calm one. */
const STEADY_MS = 250
const FILLING_MS = 500
const PATIENCE = 20
/** Where the machine is not quiet times say little; memory and failures are judged all the same. */
const FACTOR = Number(process.env.OCTOPUS_SOAK_FACTOR ?? 1)

const children = new Set()
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')))
const [role, asked] = process.argv.slice(2)
/** Whether the gateway has a core of its own, and everything else another one. */
const HAS_CORES = role === undefined && ownCores()
if (role === 'probe') await probe(Number(asked))
else if (role === 'backend') await serveBackend()
else await main()

function ownCores() {
  if (availableParallelism() < 2) return false
  try {
    execFileSync('taskset', ['-a', '-p', '-c', '1', String(process.pid)], { stdio: 'ignore' })
    return true
  } catch {
    console.log('     without taskset the gateway shares its core with the rest: figures are worse than they are')
    return false
  }
}

/** Other requests, from a process of their own: what the slow ones do to this process must not count. */
async function probe(port) {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const times = []
  let failed = 0
  const over = new AbortController()
  process.once('message', () => over.abort())
  const ask = () =>
    new Promise((resolve) => {
      const startedAt = performance.now()
      const call = get({ host: '127.0.0.1', port, agent, path: '/quick', timeout: 10_000 }, (response) => {
        response.resume().on('end', () => {
          times.push(performance.now() - startedAt)
          if (response.statusCode !== 200) failed++
          resolve()
        })
      })
      call.on('timeout', () => call.destroy(new Error('timeout')))
      call.on('error', () => {
        failed++
        resolve()
      })
    })
  // A connection of its own from the beginning: it does not queue behind a thousand new ones.
  await ask()
  times.length = 0
  process.send('ready')
  while (!over.signal.aborted) {
    await ask()
    await sleep(5)
  }
  times.sort((a, b) => a - b)
  process.send({
    count: times.length,
    failed,
    p50: times[Math.floor(times.length * 0.5)],
    p99: times[Math.floor(times.length * 0.99)],
  })
  agent.destroy()
}

async function measured(port, work) {
  const child = helper('probe', String(port))
  await once(child, 'message')
  await work()
  child.send('over')
  const [result] = await once(child, 'message')
  child.kill()
  return result
}

async function main() {
  assertBuilt('packages/cli')
  // Each in a process of its own: what slow clients do to this one must not count.
  const [large, quick] = await Promise.all([startBackend(), startBackend()])
  const path = (at) => `GET ${at} HTTP/1.1\r\nHost: a.test\r\n\r\n`
  const phases = [
    ['slow readers over HTTP/1.1', (port) => reader(port, path('/large'))],
    ['slow readers over HTTP/2, ten streams a connection', (port, i) => (i % 10 === 0 ? streams(port, 10) : null)],
    ['slow writers', (port) => writer(port, '/upload')],
    ['a slow upstream', (port, i) => (i % 2 === 0 ? reader(port, path('/trickle'), true) : writer(port, '/deaf', 16 * 1024))],
  ]
  for (const [name, open] of phases) {
    // A process for each: what one has let go the next would take without growing.
    const { child, port } = await startGateway(large, quick)
    const { pid } = child
    // Code, pools and buffers come into being with the first requests.
    await measured(port, () => sleep(1_500))
    const calm = await measured(port, () => sleep(2_000))
    const before = residentKiB(pid)
    let peak = before
    const peers = []
    const watch = setInterval(() => (peak = Math.max(peak, residentKiB(pid))), 50)
    const lost = lostPackets()
    // The system's buffers are filled at full speed.
    const filling = await measured(port, async () => {
      for (let i = 0; i < PEERS; i++) {
        const peer = open(port, i)
        if (peer !== null) peers.push(peer)
        if (i % 50 === 49) await sleep(20)
      }
      await quiet(pid)
    })
    const isStarved = lostPackets() > lost
    const during = await measured(port, () => sleep(SECONDS * 1_000))
    clearInterval(watch)
    const open_ = peers.filter(({ socket }) => !socket.destroyed).length
    for (const { close } of peers) close()
    const grown = peak - before
    console.log(
      `     ${PEERS} of: ${name}: memory ${(before / 1024).toFixed(0)} MiB, at most ${(peak / 1024).toFixed(0)} MiB: ${(grown / PEERS).toFixed(0)} KiB each; ` +
        `others: ${during.count} requests, ${during.failed + filling.failed} failed, p50 ${during.p50.toFixed(1)} ms, p99 ${during.p99.toFixed(1)} ms ` +
        `(${filling.p99.toFixed(0)} ms while buffers filled, ${calm.p99.toFixed(1)} ms before)`,
    )
    if (isStarved)
      console.log('     the memory of the system for TCP was used up while buffers filled: that figure is the system’s, and not judged')
    if (open_ < peers.length) throw new Error(`${peers.length - open_} slow peers lost their connection`)
    if (during.failed + filling.failed > 0) throw new Error(`${during.failed + filling.failed} other requests failed`)
    if (grown / PEERS > BOUND_KIB) throw new Error(`${(grown / PEERS).toFixed(0)} KiB each are more than ${BOUND_KIB}`)
    within(during.p99, STEADY_MS, calm)
    if (!isStarved) within(filling.p99, FILLING_MS, calm)
    child.kill('SIGKILL')
  }
  console.log(`ok   ${PEERS} slow peers of every kind hold less than ${BOUND_KIB} KiB each, and no other request`)
  process.exit(0)
}

function within(p99, limit, calm) {
  const allowed = FACTOR * Math.max(limit, calm.p99 * PATIENCE)
  if (p99 > allowed) throw new Error(`others waited ${p99.toFixed(0)} ms; ${allowed.toFixed(0)} are allowed`)
}

function helper(...args) {
  const child = fork(import.meta.filename, args)
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

async function startBackend() {
  const [port] = await once(helper('backend'), 'message')
  return port
}

async function serveBackend() {
  const piece = Buffer.alloc(64 * 1024, 'x')
  const backend = createServer((req, res) => {
    if (req.url === '/quick') return res.end('quick')
    if (req.url === '/upload') return req.resume().on('end', () => res.end('taken'))
    if (req.url === '/trickle') {
      const timer = setInterval(() => res.write('x'), 200)
      return res.once('close', () => clearInterval(timer))
    }
    // Takes nothing of a body.
    if (req.url === '/deaf') return
    const pump = () => {
      while (!res.destroyed && res.write(piece));
    }
    res.on('drain', pump)
    pump()
  })
  backend.requestTimeout = 0
  await new Promise((resolve) => backend.listen(0, '127.0.0.1', 2048, resolve))
  process.send(backend.address().port)
}

/** Reads a little now and then, or all of what comes slowly. */
function reader(port, request, isWilling = false) {
  const socket = connect(port, '127.0.0.1', () => socket.write(request))
  socket.on('error', () => {})
  if (isWilling) socket.resume()
  else socket.on('readable', () => {})
  const timer = isWilling ? undefined : setInterval(() => socket.read(1024), 500)
  return { socket, close: () => (clearInterval(timer), socket.destroy()) }
}

/** Sends a body a byte at a time, or a part of it as fast as it is taken. */
function writer(port, path, first = 0) {
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(`POST ${path} HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10000000\r\n\r\n`)
    if (first > 0) for (let i = 0; i < 64; i++) socket.write(Buffer.alloc(first, 'y'))
  })
  socket.on('error', () => {}).resume()
  const timer = setInterval(() => socket.write('y'), 500)
  return { socket, close: () => (clearInterval(timer), socket.destroy()) }
}

/** One connection with streams whose windows are opened by a little now and then. */
function streams(port, count) {
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(Buffer.concat([Buffer.from(PREFACE), frame({ type: FRAME_TYPES.settings })]))
    for (let i = 0; i < count; i++) {
      const fields = [
        [':method', 'GET'],
        [':scheme', 'http'],
        [':path', '/large'],
        [':authority', 'a.test'],
      ]
      socket.write(frame({ type: FRAME_TYPES.headers, flags: 5, stream: 2 * i + 1, payload: headerBlock(fields) }))
    }
  })
  socket.on('error', () => {}).resume()
  const more = Buffer.alloc(4)
  more.writeUInt32BE(1024)
  const timer = setInterval(() => {
    for (let stream = 0; stream < count * 2; stream = stream === 0 ? 1 : stream + 2)
      socket.write(frame({ type: FRAME_TYPES.window, stream, payload: more }))
  }, 500)
  return { socket, close: () => (clearInterval(timer), socket.destroy()) }
}

async function startGateway(large, quick) {
  const folder = join(CACHE, 'acceptance')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'slow-clients.yaml')
  writeFileSync(
    file,
    [
      'server: { http_port: 0, host: 127.0.0.1, admin_port: 0 }',
      'upstreams:',
      `  - { name: large, instances: [{ address: 127.0.0.1, port: ${large} }] }`,
      `  - { name: quick, instances: [{ address: 127.0.0.1, port: ${quick} }] }`,
      'routes:',
      '  - { path: /quick, upstream: quick }',
      '  - { path: "/*", upstream: large, timeout: 10m, idle_timeout: 10m }',
      '',
    ].join('\n'),
  )
  const path = join(folder, 'slow-clients.log')
  const log = openSync(path, 'w')
  const child = spawn(process.execPath, [join(ROOT, 'packages/cli/bin/octopus.js'), '--config', file], { stdio: ['ignore', log, log] })
  // This process, and whatever it starts later, is on another core already.
  if (HAS_CORES) execFileSync('taskset', ['-a', '-p', '-c', '0', String(child.pid)], { stdio: 'ignore' })
  children.add(child)
  child.once('exit', () => children.delete(child))
  for (let tries = 0; tries < 400; tries++) {
    const line = readFileSync(path, 'utf8')
      .split('\n')
      .find((text) => text.includes('gateway started'))
    if (line !== undefined) return { child, port: Number(new URL(JSON.parse(line).url).port) }
    await sleep(25)
  }
  throw new Error(`the gateway did not start; its log: ${path}`)
}

/** Packets that the system threw away because its memory for TCP was used up (`net.ipv4.tcp_mem`), of any connection. */
function lostPackets() {
  const [names, values] = readFileSync('/proc/net/netstat', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '))
  return Number(values[names.indexOf('TCPRcvQDrop')])
}

/** Until a process has little to do, for 20 seconds at most. */
async function quiet(pid) {
  const ticks = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return Number(fields[11]) + Number(fields[12])
  }
  for (let tries = 0; tries < 40; tries++) {
    const before = ticks()
    await sleep(500)
    // A hundred ticks are a second.
    if (ticks() - before < 15) return
  }
}

function residentKiB(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1])
}
