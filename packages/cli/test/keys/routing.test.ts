import { afterAll, beforeAll, describe, expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { fullBacklog } from './full-backlog.ts'
import { hang, onRequest, resetBeforeHead, startRawServer, type RawServer } from '@octopus-gateway/testing'
import { head, open } from './client.ts'
import { running, type Running } from './running.ts'
import { upstream } from './yaml.ts'

type Level = 'routing' | 'upstream' | 'route'

/** Settings at a level, and others that a closer one must win over. */
const settings = (ports: number | readonly number[], at: Partial<Record<Level, string>>): string =>
  (at.routing === undefined ? '' : `routing: { ${at.routing} }\n`) + upstream(ports, at)

/** How long an answer takes, and its status. */
async function timed(gateway: Running): Promise<{ readonly status: number; readonly ms: number }> {
  const start = performance.now()
  const status = await gateway.status('/')
  return { status, ms: performance.now() - start }
}

describe('an upstream that is silent', () => {
  let silent: RawServer
  let standard: Running
  beforeAll(async () => {
    silent = await startRawServer(hang())
    standard = await running(upstream(silent.port))
  })
  afterAll(async () => {
    // Its requests would otherwise be waited for.
    await silent[Symbol.asyncDispose]()
    await standard[Symbol.asyncDispose]()
  })

  async function givesUp(at: Partial<Record<Level, string>>): Promise<void> {
    await using gateway = await running(settings(silent.port, at))
    const patient = open(standard.port, head('GET', '/'))
    const { status, ms } = await timed(gateway)
    expect(status).toBe(504)
    expect(ms).toBeLessThan(5_000)
    expect(patient.text).toBe('')
    patient.socket.destroy()
  }

  behaviour('routing.timeout', 'is given up with 504, much later by default', () => givesUp({ routing: 'timeout: 150ms' }))
  behaviour('upstreams[].timeout', 'counts more than that of routing', () =>
    givesUp({ routing: 'timeout: 1h', upstream: 'timeout: 150ms' }),
  )
  behaviour('routes[].timeout', 'counts more than that of the upstream', () =>
    givesUp({ upstream: 'timeout: 1h', route: 'timeout: 150ms' }),
  )
})

describe('an upstream that stops in the middle of its answer', () => {
  let stalling: RawServer
  let standard: Running
  beforeAll(async () => {
    stalling = await startRawServer(onRequest((_request, socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')))
    standard = await running(upstream(stalling.port))
  })
  afterAll(async () => {
    await stalling[Symbol.asyncDispose]()
    await standard[Symbol.asyncDispose]()
  })

  async function cuts(at: Partial<Record<Level, string>>): Promise<void> {
    await using gateway = await running(settings(stalling.port, at))
    const patient = open(standard.port, head('GET', '/'))
    await patient.received('half')
    const client = open(gateway.port, head('GET', '/'))
    await client.closed
    expect(client.text).toMatch(/^HTTP\/1\.1 200 [^]*half$/)
    expect(patient.isClosed).toBe(false)
    patient.socket.destroy()
  }

  behaviour('routing.idle_timeout', 'is cut, much later by default', () => cuts({ routing: 'idle_timeout: 150ms' }))
  behaviour('upstreams[].idle_timeout', 'counts more than that of routing', () =>
    cuts({ routing: 'idle_timeout: 1h', upstream: 'idle_timeout: 150ms' }),
  )
  behaviour('routes[].idle_timeout', 'counts more than that of the upstream', () =>
    cuts({ upstream: 'idle_timeout: 1h', route: 'idle_timeout: 150ms' }),
  )
})

describe('an instance to which no connection can be made', () => {
  async function isPassedOver(at: Partial<Record<Level, string>>, within: readonly [number, number]): Promise<void> {
    const { port } = await fullBacklog()
    await using gateway = await running(settings(port, { ...at, route: 'retries: 0' }))
    const { status, ms } = await timed(gateway)
    expect(status).toBe(502)
    expect(ms).toBeGreaterThan(within[0])
    expect(ms).toBeLessThan(within[1])
  }

  behaviour('routing.connect_timeout', 'is given up with 502', () => isPassedOver({ routing: 'connect_timeout: 200ms' }, [150, 1_900]))
  behaviour('routing.connect_timeout', 'is 2 seconds by default', () => isPassedOver({}, [1_700, 10_000]))
  behaviour('upstreams[].connect_timeout', 'counts more than that of routing', () =>
    isPassedOver({ routing: 'connect_timeout: 1h', upstream: 'connect_timeout: 200ms' }, [150, 5_000]),
  )
})

describe('instances that break every connection', () => {
  const broken: RawServer[] = []
  beforeAll(async () => {
    for (let i = 0; i < 6; i++) broken.push(await startRawServer(resetBeforeHead()))
  })
  afterAll(async () => {
    for (const server of broken) await server[Symbol.asyncDispose]()
  })
  const accepted = (): number => broken.reduce((sum, { connections }) => sum + connections.accepted, 0)

  async function attempts(at: Partial<Record<Level, string>>, init: RequestInit = {}): Promise<number> {
    await using gateway = await running(
      settings(
        broken.map(({ port }) => port),
        at,
      ),
    )
    const before = accepted()
    expect(await gateway.status('/', init)).toBe(502)
    return accepted() - before
  }

  behaviour('routing.retries', 'is the number of further attempts, 3 by default, none for what must not be repeated', async () => {
    expect(await attempts({})).toBe(4)
    expect(await attempts({ routing: 'retries: 1' })).toBe(2)
    expect(await attempts({ routing: 'retries: 0' })).toBe(1)
    expect(await attempts({ routing: 'retries: 5' }, { method: 'POST' })).toBe(1)
  })

  behaviour('upstreams[].retries', 'counts more than that of routing', async () => {
    expect(await attempts({ routing: 'retries: 0', upstream: 'retries: 2' })).toBe(3)
    expect(await attempts({ routing: 'retries: 3', upstream: 'retries: 0' })).toBe(1)
  })

  behaviour('routes[].retries', 'counts more than that of the upstream', async () => {
    expect(await attempts({ upstream: 'retries: 0', route: 'retries: 2' })).toBe(3)
    expect(await attempts({ upstream: 'retries: 3', route: 'retries: 0' })).toBe(1)
  })
})
