import { Agent, request } from 'node:http'
import { contentOf } from './content.mjs'
import { randomOf } from './random.mjs'

/** Longer than anything the gateway may take: a request that gets nothing within it is one that hangs. */
const PATIENCE_MS = 45_000
const FRESH_SHARE = 0.1

/**
 * Idempotent requests at a constant rate, whatever comes back (open loop). Every one ends in exactly one of `RESULTS`; what is no answer of an instance
 * is kept with the moment, so that it can be laid beside what happened then.
 */
export function startLoad({ port, rate, seed, prefixes, withBodies }) {
  const random = randomOf(seed)
  const kept = new Agent({ keepAlive: true, maxSockets: 256, scheduling: 'fifo' })
  // What is written to a worker that is dead already was never in flight on it; whoever knows that it is dead takes another connection.
  const keepSocketAlive = kept.keepSocketAlive.bind(kept)
  kept.keepSocketAlive = (socket) => socket.killedWith === undefined && keepSocketAlive(socket)
  const fresh = new Agent({ keepAlive: false })
  const results = Object.fromEntries(RESULTS.map((result) => [result, 0]))
  const statuses = new Map()
  const failures = []
  const flying = new Set()
  const latencies = []
  let started = 0
  const run = `${seed.toString(36)}${Date.now().toString(36)}`

  const finish = (exchange, result, detail) => {
    if (!flying.delete(exchange)) return
    clearTimeout(exchange.timer)
    exchange.result = result
    const lostWith = exchange.worker ?? exchange.killed?.() ?? null
    const told = lostWith !== null && (result === 'failed before the head' || result === 'cut') ? 'lost with a killed worker' : result
    results[told]++
    if (exchange.status !== null) statuses.set(exchange.status, (statuses.get(exchange.status) ?? 0) + 1)
    if (latencies.length < 1_000_000) latencies.push(performance.now() - exchange.startedAt)
    if (lostWith !== null && told !== result) lostWith.lost.push({ path: exchange.path, wasInFlight: exchange.worker !== null })
    else if (!GOOD.has(result) && failures.length < 10_000)
      failures.push({
        at: Date.now(),
        ms: Math.round(performance.now() - exchange.startedAt),
        result,
        method: exchange.method,
        path: exchange.path,
        status: exchange.status,
        detail,
      })
  }

  const send = () => {
    const id = `${run}-${started++}`
    const method = pick(random, withBodies)
    const size = method === 'HEAD' ? 512 : random.oneOf([16, 500, 500, 4000, 40_000])
    const kind = method === 'HEAD' ? 'sized' : random.oneOf(['sized', 'sized', 'chunked', 'events'])
    const body = method === 'PUT' || method === 'QUERY' ? contentOf(id, random.oneOf([20, 700, 5000])) : null
    const path = `${random.oneOf(prefixes)}/${id}?size=${size}&kind=${kind}${body === null ? '' : `&sent=${body.length}`}`
    const exchange = {
      method,
      path,
      startedAt: performance.now(),
      status: null,
      result: null,
      socket: null,
      worker: null,
      killed: null,
      timer: null,
    }
    flying.add(exchange)
    const call = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      agent: random.chance(FRESH_SHARE) ? fresh : kept,
      headers: body === null ? {} : { 'content-length': body.length },
    })
    exchange.timer = setTimeout(() => {
      finish(exchange, 'no end', 'patience')
      call.destroy()
    }, PATIENCE_MS)
    call.on('socket', (socket) => {
      exchange.socket = socket
      exchange.killed = () => socket.killedWith ?? null
    })
    call.on('error', (error) => finish(exchange, exchange.status === null ? 'failed before the head' : 'cut', error.code ?? error.message))
    call.on('response', (response) => {
      exchange.status = response.statusCode
      const pieces = []
      response.on('data', (piece) => pieces.push(piece))
      response.on('error', (error) => finish(exchange, 'cut', error.code ?? error.message))
      response.on('aborted', () => finish(exchange, 'cut', 'aborted'))
      response.on('end', () =>
        response.complete ? judge(exchange, response, Buffer.concat(pieces), { id, size }) : finish(exchange, 'cut', 'end'),
      )
    })
    call.end(body ?? undefined)
  }

  const judge = (exchange, { statusCode, headers }, bytes, { id, size }) => {
    if (statusCode !== 200) {
      const own = headers['x-chaos'] !== undefined
      if (own && statusCode === 500) return finish(exchange, 'status of the instance')
      return finish(
        exchange,
        own ? 'failing status passed on' : 'refused by the gateway',
        own ? `status ${statusCode}` : `${statusCode} ${codeIn(bytes)}`,
      )
    }
    if (exchange.method === 'HEAD')
      return finish(exchange, bytes.length === 0 && Number(headers['content-length'] ?? size) === size ? 'ok' : 'wrong content', 'HEAD')
    const wanted = contentOf(id, size)
    if (bytes.equals(wanted)) return finish(exchange, 'ok')
    return finish(
      exchange,
      bytes.equals(wanted.subarray(0, bytes.length)) ? 'silently truncated' : 'wrong content',
      `${bytes.length} of ${size}`,
    )
  }

  // As many as are due by the clock: a slow tick is made up for, and the rate holds.
  const begin = performance.now()
  const ticker = setInterval(() => {
    const due = Math.floor(((performance.now() - begin) / 1000) * rate)
    for (let missing = due - started; missing > 0; missing--) send()
  }, 5)
  return {
    results,
    statuses,
    failures,
    flying,
    latencies,
    get started() {
      return started
    },
    /** Those of the connections from these local ports, which a worker owns that is about to be killed. */
    marked(ports, worker) {
      let inFlight = 0
      for (const exchange of flying) {
        const port = exchange.socket?.localPort
        if (port !== undefined && ports.has(port)) {
          exchange.worker = worker
          inFlight++
        }
      }
      for (const agent of [kept, fresh])
        for (const socket of Object.values(agent.sockets).flat()) if (ports.has(socket.localPort)) socket.killedWith = worker
      for (const socket of Object.values(kept.freeSockets).flat()) if (ports.has(socket.localPort)) socket.destroy()
      return inFlight
    },
    async stop() {
      clearInterval(ticker)
      while (flying.size > 0) await new Promise((resolve) => setTimeout(resolve, 20))
      kept.destroy()
      fresh.destroy()
    },
  }
}

export const RESULTS = [
  'ok',
  'status of the instance',
  'cut',
  'lost with a killed worker',
  'failed before the head',
  'refused by the gateway',
  'failing status passed on',
  'silently truncated',
  'wrong content',
  'no end',
]
const GOOD = new Set(['ok', 'status of the instance'])

function pick(random, withBodies) {
  const draw = random.next()
  if (withBodies && draw < 0.1) return 'PUT'
  if (withBodies && draw < 0.2) return 'QUERY'
  return draw < 0.3 ? 'HEAD' : 'GET'
}

function codeIn(bytes) {
  return /"code":"(\w+)"/.exec(bytes.toString())?.[1] ?? ''
}
