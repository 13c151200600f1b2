import { afterAll, beforeAll, describe, expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { createServer } from 'node:http2'
import { head, open } from './client.ts'
import { once } from 'node:events'
import { running, refused, type Line, type Running } from './running.ts'
import { startRawServer, startService, waitFor, type RawServer, type Service } from '@octopus-gateway/testing'
import { upstream } from './yaml.ts'
import type { AddressInfo } from 'node:net'

/** A service that answers with the status it is told. */
let told: Service
let status = 200
/** One that is always well. */
let well: Service
beforeAll(async () => {
  told = await startService({ handler: (_request, response) => void response.writeHead(status).end('told') })
  well = await startService({ handler: (_request, response) => void response.end('well') })
})
afterAll(async () => {
  await told[Symbol.asyncDispose]()
  await well[Symbol.asyncDispose]()
})

type Level = 'routing' | 'upstream'

/** A file with settings of one kind, of `routing` or of the upstream. Where the upstream has them, those of `routing` say something else. */
function file(level: Level, key: string, settings: string, ports: number | readonly number[], otherwise = ''): string {
  if (level === 'routing') return `routing: { retries: 0, ${key}: { ${settings} } }\n${upstream(ports)}`
  return `routing: { retries: 0${otherwise === '' ? '' : `, ${key}: { ${otherwise} }`} }\n${upstream(ports, { upstream: `${key}: { ${settings} }` })}`
}

const endpoints = async (gateway: Running): Promise<readonly Line[]> => (await gateway.view('/_/upstreams')).upstreams[0]!.endpoints
const endpoint = async (gateway: Running): Promise<Line> => (await endpoints(gateway))[0]!
const load = async (gateway: Running): Promise<Line> => (await gateway.view('/_/upstreams')).upstreams[0]!.concurrency as Line

/** Fails with `failures` requests answered 503. */
async function fail(gateway: Running, failures: number, as = 503): Promise<void> {
  status = as
  for (let i = 0; i < failures; i++) await gateway.status('/')
  status = 200
}

describe('circuit_breaker', () => {
  async function opensAfter(level: Level): Promise<void> {
    await using two = await running(file(level, 'circuit_breaker', 'failure_threshold: 2', told.port, 'failure_threshold: 1'))
    await fail(two, 1)
    expect(await endpoint(two)).toMatchObject({ circuit: 'closed', failures: 1 })
    await fail(two, 1)
    expect(await endpoint(two)).toMatchObject({ circuit: 'open', state: 'out', reason: 'failing' })
    expect(await two.json('/')).toMatchObject({ code: 'CIRCUIT_OPEN' })
    await using never = await running(file(level, 'circuit_breaker', 'failure_threshold: none', told.port, 'failure_threshold: 1'))
    await fail(never, 9)
    expect(await endpoint(never)).toMatchObject({ circuit: 'closed', failures: 9 })
  }
  behaviour('routing.circuit_breaker.failure_threshold', 'opens the circuit after failures in a row, 5 by default', async () => {
    await opensAfter('routing')
    await using standard = await running(upstream(told.port))
    await fail(standard, 4)
    expect(await endpoint(standard)).toMatchObject({ circuit: 'closed' })
    await fail(standard, 1)
    expect(await endpoint(standard)).toMatchObject({ circuit: 'open' })
  })
  behaviour('upstreams[].circuit_breaker.failure_threshold', 'counts more than that of routing', () => opensAfter('upstream'))

  async function triesAfter(level: Level): Promise<void> {
    await using gateway = await running(file(level, 'circuit_breaker', 'failure_threshold: 1, timeout: 150ms', told.port, 'timeout: 1h'))
    await fail(gateway, 1)
    expect((await endpoint(gateway)).out_for_ms).toBeLessThanOrEqual(150)
    await waitFor(async () => (await endpoint(gateway)).circuit === 'half-open')
    expect(await gateway.status('/')).toBe(200)
    expect(await endpoint(gateway)).toMatchObject({ circuit: 'closed' })
  }
  behaviour('routing.circuit_breaker.timeout', 'is the time until a request may try, a minute by default', async () => {
    await triesAfter('routing')
    await using standard = await running(file('routing', 'circuit_breaker', 'failure_threshold: 1', told.port))
    await fail(standard, 1)
    expect((await endpoint(standard)).out_for_ms).toBeGreaterThan(50_000)
    expect((await fetch(standard.url)).headers.get('retry-after')).toMatch(/^(?:59|60)$/)
  })
  behaviour('upstreams[].circuit_breaker.timeout', 'counts more than that of routing', () => triesAfter('upstream'))

  async function triesWith(level: Level): Promise<void> {
    let isSlow = false
    let under = 0
    const slow = await startRawServer(
      (socket) =>
        void socket.on('data', () => {
          under += 1
          if (!isSlow) socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n')
        }),
    )
    try {
      const settings = 'failure_threshold: 1, timeout: 50ms'
      for (const [more, trials] of [[', half_open_requests: 3', 3], ...(level === 'routing' ? [['', 1] as const] : [])] as const) {
        isSlow = false
        await using gateway = await running(file(level, 'circuit_breaker', settings + more, slow.port, 'half_open_requests: 1'))
        expect(await gateway.status('/')).toBe(503)
        await waitFor(async () => (await endpoint(gateway)).circuit === 'half-open')
        isSlow = true
        under = 0
        const clients = Array.from({ length: 6 }, () => open(gateway.port, head('GET', '/')))
        await waitFor(() => clients.filter(({ text }) => text.includes('503')).length === 6 - trials)
        expect(under).toBe(trials)
        for (const { socket } of clients) socket.destroy()
      }
    } finally {
      await slow[Symbol.asyncDispose]()
    }
  }
  behaviour('routing.circuit_breaker.half_open_requests', 'is how many may try at a time, one by default', () => triesWith('routing'))
  behaviour('upstreams[].circuit_breaker.half_open_requests', 'counts more than that of routing', () => triesWith('upstream'))
})

describe('outlier_detection', () => {
  const both = (): number[] => [told.port, well.port]
  const out = async (gateway: Running): Promise<Line | undefined> => (await endpoints(gateway)).find(({ reason }) => reason === 'ejected')
  /** Requests of which every second is answered with 500. */
  async function suffer(gateway: Running, requests: number): Promise<void> {
    status = 500
    for (let i = 0; i < requests; i++) await gateway.status('/')
    status = 200
  }

  async function countsARow(level: Level): Promise<void> {
    await using gateway = await running(file(level, 'outlier_detection', 'consecutive_failures: 2', both(), 'consecutive_failures: none'))
    await suffer(gateway, 2)
    expect(await out(gateway)).toBeUndefined()
    await suffer(gateway, 2)
    expect(await out(gateway)).toMatchObject({ id: told.origin, state: 'out', ejections: 1, circuit: 'closed' })
    await waitFor(() => gateway.lines.some(({ message }) => message === 'instance does worse than the others and is left out'))
  }
  behaviour('routing.outlier_detection.consecutive_failures', 'takes an instance out, 5 by default, never without the block', async () => {
    await countsARow('routing')
    await using standard = await running(file('routing', 'outlier_detection', '', both()))
    await suffer(standard, 8)
    expect(await out(standard)).toBeUndefined()
    await suffer(standard, 2)
    expect(await out(standard)).toMatchObject({ id: told.origin })
    await using without = await running(`routing: { retries: 0 }\n${upstream(both())}`)
    await suffer(without, 20)
    expect(await out(without)).toBeUndefined()
  })
  behaviour('upstreams[].outlier_detection.consecutive_failures', 'counts more than that of routing', () => countsARow('upstream'))

  const rate = (more: string): string => `consecutive_failures: none, failure_rate: { ${more} }`
  async function countsShares(level: Level): Promise<void> {
    await using gateway = await running(file(level, 'outlier_detection', rate('threshold: 100, min_requests: 4'), both()))
    await gateway.status('/')
    await gateway.status('/')
    await suffer(gateway, 20)
    expect(await out(gateway)).toBeUndefined()
    await using other = await running(file(level, 'outlier_detection', rate('threshold: 60, min_requests: 4'), both()))
    await gateway.status('/')
    await suffer(other, 20)
    expect(await out(other)).toMatchObject({ id: told.origin })
  }
  behaviour('routing.outlier_detection.failure_rate.threshold', 'is the share of failures that is too much', () => countsShares('routing'))
  behaviour('upstreams[].outlier_detection.failure_rate.threshold', 'is the same of one upstream', () => countsShares('upstream'))

  async function waitsForEnough(level: Level): Promise<void> {
    await using gateway = await running(file(level, 'outlier_detection', rate('threshold: 50, min_requests: 6'), both()))
    await suffer(gateway, 10)
    expect(await out(gateway)).toBeUndefined()
    await suffer(gateway, 2)
    expect(await out(gateway)).toMatchObject({ id: told.origin })
  }
  behaviour('routing.outlier_detection.failure_rate.min_requests', 'come before a share says anything, 20 by default', async () => {
    await waitsForEnough('routing')
    await using standard = await running(file('routing', 'outlier_detection', rate('threshold: 50'), both()))
    await suffer(standard, 38)
    expect(await out(standard)).toBeUndefined()
    await suffer(standard, 2)
    expect(await out(standard)).toMatchObject({ id: told.origin })
  })
  behaviour('upstreams[].outlier_detection.failure_rate.min_requests', 'is the same of one upstream', () => waitsForEnough('upstream'))

  async function forgets(level: Level): Promise<void> {
    const shares = rate('threshold: 50, min_requests: 4')
    await using gateway = await running(file(level, 'outlier_detection', `${shares}, interval: 50ms`, both(), 'interval: 1h'))
    await suffer(gateway, 6)
    await new Promise((resolve) => setTimeout(resolve, 60))
    await suffer(gateway, 6)
    expect(await out(gateway)).toBeUndefined()
    await using standard = await running(file('routing', 'outlier_detection', shares, both()))
    await suffer(standard, 6)
    await new Promise((resolve) => setTimeout(resolve, 60))
    await suffer(standard, 6)
    expect(await out(standard)).toMatchObject({ id: told.origin })
  }
  behaviour('routing.outlier_detection.interval', 'is the time over which shares count, 10s by default', () => forgets('routing'))
  behaviour('upstreams[].outlier_detection.interval', 'counts more than that of routing', () => forgets('upstream'))

  async function returns(level: Level): Promise<void> {
    const settings = 'consecutive_failures: 1, base_ejection: 200ms'
    await using gateway = await running(file(level, 'outlier_detection', settings, both(), 'base_ejection: 1h'))
    await suffer(gateway, 2)
    expect(await out(gateway)).toMatchObject({ id: told.origin })
    await waitFor(async () => (await out(gateway)) === undefined)
    await gateway.status('/')
    await gateway.status('/')
    await waitFor(() => gateway.lines.some(({ message }) => message === 'instance is among the others again'))
  }
  behaviour('routing.outlier_detection.base_ejection', 'is the time it is out the first time, 30s by default', async () => {
    await returns('routing')
    await using standard = await running(file('routing', 'outlier_detection', 'consecutive_failures: 1', both()))
    await suffer(standard, 2)
    expect((await out(standard))!.out_for_ms).toBeGreaterThan(25_000)
  })
  behaviour('upstreams[].outlier_detection.base_ejection', 'counts more than that of routing', () => returns('upstream'))

  async function leavesSome(level: Level): Promise<void> {
    const bad = await startService({ handler: (_request, response) => void response.writeHead(500).end() })
    const good = await startService()
    try {
      const ports = [told.port, bad.port, well.port, good.port]
      const one = 'consecutive_failures: 1'
      const half = `${one}, max_ejected: 50`
      await using gateway = await running(file(level, 'outlier_detection', half, ports, 'max_ejected: 1'))
      await suffer(gateway, 12)
      expect((await endpoints(gateway)).filter(({ reason }) => reason === 'ejected')).toHaveLength(2)
      await using standard = await running(file(level, 'outlier_detection', one, ports))
      await suffer(standard, 12)
      expect((await endpoints(standard)).filter(({ reason }) => reason === 'ejected')).toHaveLength(1)
    } finally {
      await bad[Symbol.asyncDispose]()
      await good[Symbol.asyncDispose]()
    }
  }
  behaviour('routing.outlier_detection.max_ejected', 'is the part that may be out, 10% by default, one at least', () =>
    leavesSome('routing'),
  )
  behaviour('upstreams[].outlier_detection.max_ejected', 'counts more than that of routing', () => leavesSome('upstream'))
})

describe('concurrency', () => {
  /** Says nothing. */
  let silent: RawServer
  beforeAll(async () => {
    silent = await startRawServer((socket) => void socket.on('data', () => {}))
  })
  afterAll(() => silent[Symbol.asyncDispose]())

  async function limits(level: Level): Promise<void> {
    await using gateway = await running(file(level, 'concurrency', 'max: 2, queue: 0', silent.port, 'max: 1'))
    const clients = Array.from({ length: 3 }, () => open(gateway.port, head('GET', '/')))
    await waitFor(() => clients.some(({ text }) => text.includes('OVERLOADED')))
    expect(await load(gateway)).toEqual({ max: 2, active: 2, queued: 0, refused: 1, timed_out: 0 })
    for (const { socket } of clients) socket.destroy()
    await waitFor(async () => (await load(gateway)).active === 0)
  }
  behaviour('routing.concurrency.max', 'limits requests at a time; without it there is no limit', async () => {
    await limits('routing')
    await using standard = await running(upstream(silent.port))
    expect(await load(standard)).toBeNull()
    expect(await refused(`routing: { concurrency: { queue: 1 } }\n${upstream(silent.port)}`)).toMatchObject({
      code: 78,
      err: expect.stringContaining('routing.concurrency: sets no limit') as string,
    })
  })
  behaviour('upstreams[].concurrency.max', 'counts more than that of routing, and none takes it away', async () => {
    await limits('upstream')
    await using none = await running(file('upstream', 'concurrency', 'max: none', silent.port, 'max: 1'))
    expect(await load(none)).toBeNull()
    expect((await refused(upstream(silent.port, { upstream: 'concurrency: { queue: 1 }' }))).err).toContain(
      'upstreams[0].concurrency: sets no limit',
    )
  })

  async function queues(level: Level): Promise<void> {
    const more = 'max: 1, queue_timeout: 1h'
    await using gateway = await running(file(level, 'concurrency', `${more}, queue: 2`, silent.port, 'queue: 0'))
    const clients = Array.from({ length: 4 }, () => open(gateway.port, head('GET', '/')))
    await waitFor(() => clients.some(({ text }) => text.includes('OVERLOADED')))
    expect(await load(gateway)).toMatchObject({ active: 1, queued: 2, refused: 1 })
    for (const { socket } of clients) socket.destroy()
    await waitFor(async () => (await load(gateway)).queued === 0)
  }
  behaviour('routing.concurrency.queue', 'is how many may wait, as many as max by default', async () => {
    await queues('routing')
    await using standard = await running(file('routing', 'concurrency', 'max: 1, queue_timeout: 1h', silent.port))
    const clients = Array.from({ length: 3 }, () => open(standard.port, head('GET', '/')))
    await waitFor(() => clients.some(({ text }) => text.includes('OVERLOADED')))
    expect(await load(standard)).toMatchObject({ active: 1, queued: 1, refused: 1 })
    for (const { socket } of clients) socket.destroy()
  })
  behaviour('upstreams[].concurrency.queue', 'counts more than that of routing', () => queues('upstream'))

  async function losesPatience(level: Level): Promise<void> {
    await using gateway = await running(
      file(level, 'concurrency', 'max: 1, queue: 9, queue_timeout: 100ms', silent.port, 'queue_timeout: 1h'),
    )
    const clients = Array.from({ length: 2 }, () => open(gateway.port, head('GET', '/')))
    await waitFor(() => clients.some(({ text }) => text.includes('OVERLOADED')))
    expect(await load(gateway)).toMatchObject({ active: 1, queued: 0, timed_out: 1 })
    for (const { socket } of clients) socket.destroy()
  }
  behaviour('routing.concurrency.queue_timeout', 'is how long one waits, a second by default', async () => {
    await losesPatience('routing')
    await using standard = await running(file('routing', 'concurrency', 'max: 1', silent.port))
    const began = performance.now()
    const clients = Array.from({ length: 2 }, () => open(standard.port, head('GET', '/')))
    await waitFor(() => clients.some(({ text }) => text.includes('OVERLOADED')))
    expect(performance.now() - began).toBeGreaterThan(900)
    for (const { socket } of clients) socket.destroy()
  })
  behaviour('upstreams[].concurrency.queue_timeout', 'counts more than that of routing', () => losesPatience('upstream'))
})

describe('health_check', () => {
  const checked = (port: number, check: string): Promise<Running> => running(upstream(port, { upstream: `health_check: { ${check} }` }))
  /** What the first check found out. */
  const healthy = async (gateway: Running): Promise<unknown> => {
    const check = await waitFor(async () => (await endpoint(gateway)).check as Line | null)
    return check!.healthy
  }
  /** Waits for so many requests for a path. */
  async function asked(service: Service, path: string, times: number): Promise<void> {
    await waitFor(() => service.requests.filter(({ url }) => url === path).length >= times)
  }
  const count = (service: Service, path: string): number => service.requests.filter(({ url }) => url === path).length

  behaviour('upstreams[].health_check.type', 'asks by HTTP, by default, by a connection, or by grpc.health.v1', async () => {
    const closed = await startRawServer((socket) => void socket.end())
    const grpc = createServer((request, response) => {
      const serving = request.url === '/grpc.health.v1.Health/Check'
      response.writeHead(200, { 'content-type': 'application/grpc' })
      response.addTrailers({ 'grpc-status': serving ? '0' : '12' })
      response.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]))
    })
    grpc.listen(0, '127.0.0.1')
    await once(grpc, 'listening')
    try {
      await using http = await checked(closed.port, 'type: http')
      expect(await healthy(http)).toBe(false)
      expect(await http.json('/')).toMatchObject({ code: 'NO_ENDPOINT' })
      await using tcp = await checked(closed.port, 'type: tcp')
      expect(await healthy(tcp)).toBe(true)
      await using call = await checked((grpc.address() as AddressInfo).port, 'type: grpc')
      expect(await healthy(call)).toBe(true)
      expect((await refused(upstream(1, { upstream: 'health_check: { type: tcp, path: /up }' }))).err).toContain(
        'upstreams[0].health_check.path: is looked at by checks of type http only',
      )
    } finally {
      await closed[Symbol.asyncDispose]()
      grpc.close()
    }
  })

  behaviour('upstreams[].health_check.path', 'is what is asked for, /health by default', async () => {
    await using own = await checked(well.port, 'path: "/up?deep=1"')
    await asked(well, '/up?deep=1', 1)
    await using standard = await checked(well.port, '')
    await asked(well, '/health', 1)
    expect([await healthy(own), await healthy(standard)]).toEqual([true, true])
  })

  behaviour('upstreams[].health_check.interval', 'is the time from one check to the next, 10s by default', async () => {
    await using standard = await checked(well.port, 'path: /seldom')
    await asked(well, '/seldom', 1)
    await using often = await checked(well.port, 'path: /often, interval: 20ms')
    await asked(well, '/often', 10)
    expect([count(well, '/seldom'), await healthy(standard), await healthy(often)]).toEqual([1, true, true])
  })

  behaviour('upstreams[].health_check.timeout', 'is how long an answer may take, 2s by default', async () => {
    const silent = await startRawServer((socket) => void socket.on('data', () => {}))
    try {
      await using gateway = await checked(silent.port, 'timeout: 80ms')
      await healthy(gateway)
      expect((await endpoint(gateway)).check).toMatchObject({ healthy: false, reason: 'no answer within 80 ms' })
      await using standard = await checked(silent.port, '')
      await healthy(standard)
      expect((await endpoint(standard)).check).toMatchObject({ reason: 'no answer within 2000 ms' })
    } finally {
      await silent[Symbol.asyncDispose]()
    }
  })

  /** How many checks it takes until the state is another one. */
  async function checksUntil(threshold: string, from: number, to: number): Promise<number> {
    status = from
    await using gateway = await checked(told.port, `path: /t, interval: 100ms${threshold}`)
    await healthy(gateway)
    const state = (await endpoint(gateway)).state
    const before = count(told, '/t')
    status = to
    await waitFor(async () => (await endpoint(gateway)).state !== state)
    const checks = count(told, '/t') - before
    status = 200
    return checks
  }
  behaviour('upstreams[].health_check.healthy_threshold', 'good answers bring an instance back, 2 by default', async () => {
    expect(await checksUntil(', healthy_threshold: 6', 500, 200)).toBeGreaterThanOrEqual(6)
    expect([2, 3, 4]).toContain(await checksUntil('', 500, 200))
  })
  behaviour('upstreams[].health_check.unhealthy_threshold', 'bad answers take an instance out, 3 by default', async () => {
    expect(await checksUntil(', unhealthy_threshold: 7', 200, 500)).toBeGreaterThanOrEqual(7)
    expect([3, 4, 5]).toContain(await checksUntil('', 200, 500))
  })

  behaviour('upstreams[].health_check.statuses', 'are those that are good, 200-399 by default', async () => {
    for (const [statuses, answer, isGood] of [
      ['', 302, true],
      ['', 404, false],
      [', statuses: 200-299', 302, false],
      [', statuses: [204, 400-404]', 404, true],
      [', statuses: 503', 503, true],
    ] as const) {
      status = answer
      await using gateway = await checked(told.port, `path: /s${statuses}`)
      expect([statuses, answer, await healthy(gateway)]).toEqual([statuses, answer, isGood])
    }
    status = 200
    expect((await refused(upstream(1, { upstream: 'health_check: { statuses: 99 }' }))).err).toContain('must be statuses such as 204')
  })

  behaviour('upstreams[].health_check.body', 'is a text that a good answer has', async () => {
    await using good = await checked(well.port, 'body: ell')
    expect(await healthy(good)).toBe(true)
    await using bad = await checked(well.port, 'body: ready')
    expect(await healthy(bad)).toBe(false)
  })

  behaviour('upstreams[].health_check.service', 'is the name that is asked for by gRPC, none by default', async () => {
    const names: string[] = []
    const grpc = createServer((request, response) => {
      request.on('data', (bytes: Buffer) => void names.push(bytes.subarray(7).toString()))
      request.on('end', () => {
        response.writeHead(200, { 'content-type': 'application/grpc' })
        response.addTrailers({ 'grpc-status': '0' })
        response.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]))
      })
    })
    grpc.listen(0, '127.0.0.1')
    await once(grpc, 'listening')
    const { port } = grpc.address() as AddressInfo
    await using named = await checked(port, 'type: grpc, service: shop.Orders')
    expect(await healthy(named)).toBe(true)
    await using whole = await checked(port, 'type: grpc')
    expect(await healthy(whole)).toBe(true)
    expect(names).toEqual(['shop.Orders', ''])
    grpc.close()
  })
})
