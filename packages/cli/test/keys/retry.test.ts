import { afterAll, beforeAll, describe, expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { connect, createServer } from 'node:http2'
import { hang, resetBeforeHead, respondWith, startRawServer, type RawServer } from '@octopus-gateway/testing'
import { running } from './running.ts'
import { upstream } from './yaml.ts'
import type { AddressInfo } from 'node:net'
import type { SocketHandler } from '@octopus-gateway/testing'

type At = Partial<Record<'routing' | 'upstream' | 'route', string>>

/** Settings at a level, and others that a closer one must win over; `more` is for all requests. */
const settings = (ports: readonly number[], at: At, more = ''): string => {
  const routing = [at.routing, more].filter((text) => text !== undefined && text !== '').join(', ')
  return `${routing === '' ? '' : `routing: { ${routing} }\n`}${upstream(ports, at)}`
}

const OK = respondWith('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')

describe('attempts that failed', () => {
  const servers: RawServer[] = []
  const kinds = { breaking: [] as RawServer[], hanging: [] as RawServer[], failing: [] as RawServer[], good: [] as RawServer[] }
  const start = async (kind: keyof typeof kinds, handler: SocketHandler): Promise<void> => {
    const server = await startRawServer(handler)
    servers.push(server)
    kinds[kind].push(server)
  }
  beforeAll(async () => {
    for (let i = 0; i < 5; i++) await start('breaking', resetBeforeHead())
    for (let i = 0; i < 5; i++) await start('hanging', hang())
    await start('failing', respondWith('HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno'))
    await start('good', OK)
  })
  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]()
  })
  const ports = (kind: keyof typeof kinds): number[] => kinds[kind].map(({ port }) => port)
  const accepted = (kind: keyof typeof kinds): number => kinds[kind].reduce((sum, { connections }) => sum + connections.accepted, 0)

  /** The statuses of as many requests as there are instances, so that each is the first once. */
  async function statuses(instances: readonly number[], at: At, more = ''): Promise<number[]> {
    await using gateway = await running(settings(instances, at, more))
    const all: number[] = []
    for (const _ of instances) all.push(await gateway.status('/'))
    return all.toSorted()
  }

  async function attempts(kind: 'breaking' | 'hanging', at: At, init: RequestInit = {}, more = ''): Promise<number> {
    await using gateway = await running(settings(ports(kind), at, more))
    const before = accepted(kind)
    expect(await gateway.status('/', init)).toBe(kind === 'breaking' ? 502 : 504)
    return accepted(kind) - before
  }

  async function isRepeated(at: At): Promise<void> {
    const both = [...ports('failing'), ...ports('good')]
    expect(await statuses(both, at)).toEqual([200, 200])
    expect(await statuses(both, {})).toEqual([200, 500])
  }

  async function isOverBudget(at: At): Promise<void> {
    const both = [ports('breaking')[0]!, ...ports('good')]
    expect(await statuses(both, at)).toEqual([200, 502])
    expect(await statuses(both, {})).toEqual([200, 200])
  }

  /** A pause that may be an hour is hardly ever short enough for the deadline. */
  async function pauses(long: At, short: At): Promise<void> {
    expect(await attempts('breaking', long, {}, 'timeout: 900ms')).toBe(1)
    expect(await attempts('breaking', short, {}, 'timeout: 5s')).toBe(4)
  }

  async function keepsBodies(at: At): Promise<void> {
    const init = { method: 'PUT', body: '0123456789' }
    expect(await attempts('breaking', at, init)).toBe(1)
    expect(await attempts('breaking', {}, init)).toBe(4)
  }

  async function passesOver(at: At): Promise<void> {
    const both = [ports('hanging')[0]!, ...ports('good')]
    expect(await statuses(both, at, 'timeout: 5s')).toEqual([200, 200])
    expect(await statuses(both, {}, 'timeout: 300ms')).toEqual([200, 504])
  }

  async function isHedged(at: At, max: number): Promise<void> {
    expect(await attempts('hanging', at, {}, 'timeout: 900ms')).toBe(1 + max)
    const one = 'hedge: { delay: 20ms }'
    expect(await attempts('hanging', { upstream: one }, {}, 'timeout: 900ms')).toBe(2)
  }

  async function isUnhedged(at: At): Promise<void> {
    expect(await attempts('hanging', at, {}, 'timeout: 400ms')).toBe(1)
  }

  async function isCalledAgain(at: At): Promise<void> {
    let calls = 0
    const upstreams = [0, 1].map(() =>
      createServer().on('stream', (stream) => {
        calls += 1
        stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14' }, { endStream: true })
      }),
    )
    for (const one of upstreams) await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve))
    const call = async (settled: At): Promise<void> => {
      await using gateway = await running(
        settings(
          upstreams.map((one) => (one.address() as AddressInfo).port),
          settled,
        ),
      )
      const session = connect(`http://127.0.0.1:${gateway.port}`)
      const stream = session.request({ ':method': 'POST', ':path': '/a.B/C', 'content-type': 'application/grpc', te: 'trailers' })
      stream.resume().end()
      await new Promise((resolve) => stream.on('close', resolve))
      session.destroy()
    }
    try {
      await call({})
      expect(calls).toBe(1)
      await call(at)
      expect(calls).toBe(3)
    } finally {
      for (const one of upstreams) one.close()
    }
  }

  behaviour('routing.retry.statuses[]', 'says which answers are failures', () => isRepeated({ routing: 'retry: { statuses: [500] }' }))
  behaviour('routing.retry.budget', 'limits how many are repeated', () => isOverBudget({ routing: 'retry: { budget: 0% }' }))
  behaviour('routing.retry.backoff', 'is the longest first pause', () =>
    pauses({ routing: 'retry: { backoff: 1h, max_backoff: 1h }' }, { routing: 'retry: { backoff: 1ms, max_backoff: 1h }' }),
  )
  behaviour('routing.retry.max_backoff', 'is the longest pause', () =>
    pauses({ routing: 'retry: { backoff: 1h, max_backoff: 1h }' }, { routing: 'retry: { backoff: 1h, max_backoff: 1ms }' }),
  )
  behaviour('routing.retry.max_body', 'is how much is kept of a body', () => keepsBodies({ routing: 'retry: { max_body: 5 }' }))
  behaviour('routing.retry.per_try_timeout', 'ends one attempt', () => passesOver({ routing: 'retry: { per_try_timeout: 60ms }' }))
  behaviour('routing.retry.grpc_statuses[]', 'says which calls are made again', () =>
    isCalledAgain({ routing: 'retry: { grpc_statuses: [UNAVAILABLE] }' }),
  )
  behaviour('routing.hedge.delay', 'is when another attempt is made beside the first', () =>
    passesOver({ routing: 'hedge: { delay: 40ms }' }),
  )
  behaviour('routing.hedge.max', 'is how many of them are made', () => isHedged({ routing: 'hedge: { delay: 20ms, max: 3 }' }, 3))
  behaviour('upstreams[].retry.statuses[]', 'says which answers are failures; counts more than that of routing', () =>
    isRepeated({ routing: 'retry: { statuses: [] }', upstream: 'retry: { statuses: [500] }' }),
  )
  behaviour('upstreams[].retry.budget', 'limits how many are repeated', () =>
    isOverBudget({ routing: 'retry: { budget: 100% }', upstream: 'retry: { budget: 0% }' }),
  )
  behaviour('upstreams[].retry.backoff', 'is the longest first pause', () =>
    pauses(
      { routing: 'retry: { backoff: 1ms }', upstream: 'retry: { backoff: 1h, max_backoff: 1h }' },
      { routing: 'retry: { backoff: 1h }', upstream: 'retry: { backoff: 1ms, max_backoff: 1h }' },
    ),
  )
  behaviour('upstreams[].retry.max_backoff', 'is the longest pause', () =>
    pauses(
      { routing: 'retry: { max_backoff: 1ms }', upstream: 'retry: { backoff: 1h, max_backoff: 1h }' },
      { routing: 'retry: { max_backoff: 1h }', upstream: 'retry: { backoff: 1h, max_backoff: 1ms }' },
    ),
  )
  behaviour('upstreams[].retry.max_body', 'is how much is kept of a body', () =>
    keepsBodies({ routing: 'retry: { max_body: 1MiB }', upstream: 'retry: { max_body: 5 }' }),
  )
  behaviour('upstreams[].retry.per_try_timeout', 'ends one attempt', () =>
    passesOver({ routing: 'retry: { per_try_timeout: 1h }', upstream: 'retry: { per_try_timeout: 60ms }' }),
  )
  behaviour('upstreams[].retry.grpc_statuses[]', 'says which calls are made again', () =>
    isCalledAgain({ routing: 'retry: { grpc_statuses: [1] }', upstream: 'retry: { grpc_statuses: [UNAVAILABLE] }' }),
  )
  behaviour('upstreams[].hedge.delay', 'is when another attempt is made beside the first', () =>
    passesOver({ routing: 'hedge: { delay: 1h }', upstream: 'hedge: { delay: 40ms }' }),
  )
  behaviour('upstreams[].hedge.max', 'is how many of them are made', () =>
    isHedged({ routing: 'hedge: { delay: 20ms, max: 1 }', upstream: 'hedge: { delay: 20ms, max: 3 }' }, 3),
  )
  behaviour('routes[].retry.statuses[]', 'says which answers are failures; counts more than that of the upstream', () =>
    isRepeated({ upstream: 'retry: { statuses: [] }', route: 'retry: { statuses: [500] }' }),
  )
  behaviour('routes[].retry.budget', 'limits how many are repeated', () =>
    isOverBudget({ upstream: 'retry: { budget: 100% }', route: 'retry: { budget: 0% }' }),
  )
  behaviour('routes[].retry.backoff', 'is the longest first pause', () =>
    pauses(
      { upstream: 'retry: { backoff: 1ms }', route: 'retry: { backoff: 1h, max_backoff: 1h }' },
      { upstream: 'retry: { backoff: 1h }', route: 'retry: { backoff: 1ms, max_backoff: 1h }' },
    ),
  )
  behaviour('routes[].retry.max_backoff', 'is the longest pause', () =>
    pauses(
      { upstream: 'retry: { max_backoff: 1ms }', route: 'retry: { backoff: 1h, max_backoff: 1h }' },
      { upstream: 'retry: { max_backoff: 1h }', route: 'retry: { backoff: 1h, max_backoff: 1ms }' },
    ),
  )
  behaviour('routes[].retry.max_body', 'is how much is kept of a body', () =>
    keepsBodies({ upstream: 'retry: { max_body: 1MiB }', route: 'retry: { max_body: 5 }' }),
  )
  behaviour('routes[].retry.per_try_timeout', 'ends one attempt', () =>
    passesOver({ upstream: 'retry: { per_try_timeout: 1h }', route: 'retry: { per_try_timeout: 60ms }' }),
  )
  behaviour('routes[].retry.grpc_statuses[]', 'says which calls are made again', () =>
    isCalledAgain({ upstream: 'retry: { grpc_statuses: [1] }', route: 'retry: { grpc_statuses: [UNAVAILABLE] }' }),
  )
  behaviour('routes[].hedge.delay', 'is when another attempt is made beside the first', () =>
    passesOver({ upstream: 'hedge: { delay: 1h }', route: 'hedge: { delay: 40ms }' }),
  )
  behaviour('routes[].hedge.max', 'is how many of them are made', () =>
    isHedged({ upstream: 'hedge: { delay: 20ms, max: 1 }', route: 'hedge: { delay: 20ms, max: 3 }' }, 3),
  )

  behaviour('routing.hedge', 'is none for false', () => isUnhedged({ routing: 'hedge: false' }))
  behaviour('upstreams[].hedge', 'is none for false, whatever routing says', () =>
    isUnhedged({ routing: 'hedge: { delay: 20ms }', upstream: 'hedge: false' }),
  )
  behaviour('routes[].hedge', 'is none for false, whatever the upstream says', () =>
    isUnhedged({ upstream: 'hedge: { delay: 20ms }', route: 'hedge: false' }),
  )
})
