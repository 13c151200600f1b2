import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Control } from '../../src/workers/control.ts'
import { ConfigError, createGateway, silentLogger } from '@octopus-gateway/core'
import { LISTENING, ScriptedProcess } from './scripted-process.ts'
import { spawnSync } from 'node:child_process'
import { waitFor } from '@octopus-gateway/testing'
import type { EndpointStatus, Gateway, HealthData, MetricsData } from '@octopus-gateway/core'
import type { ToWorker } from '../../src/workers/messages.ts'

const counted = (requests: number, connections = 0, health: MetricsData['health'] = []): MetricsData => ({
  series: [{ label: '/a', requests: [[200, requests]], durations: [] }],
  upstreams: [],
  retries: [],
  hedges: [],
  cuts: [],
  mirrored: [],
  farp: {
    schemaUpdates: [],
    contractChanges: [],
    manifestEvents: 0,
    fetches: [],
    fetchSeconds: { counts: [], sum: 0 },
    cacheHits: 0,
    routeUpdates: [],
  },
  deprecated: [],
  rejected: [],
  connections,
  health,
})

/** A control process with workers that answer as told. */
async function running(count = 2): Promise<{ control: Control; gateway: Gateway; processes: ScriptedProcess[] }> {
  const gateway = createGateway({ upstreams: { up: [] } })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  await gateway.ready
  const processes: ScriptedProcess[] = []
  const control = new Control(gateway, { count, configuration: 'first', log: silentLogger }, () => {
    const process = new ScriptedProcess(processes.length + 1)
    processes.push(process)
    return process
  })
  const started = control.start()
  for (const process of processes) {
    process.says({ kind: 'hello' })
    process.says({ kind: 'ready', listening: LISTENING })
  }
  await started
  onTestFinished(async () => {
    const closed = control.close()
    for (const process of processes) process.exits('code 0')
    await closed
  })
  return { control, gateway, processes }
}

const kinds = (process: ScriptedProcess): string[] => process.told.map(({ kind }) => kind)
const last = <K extends ToWorker['kind']>(process: ScriptedProcess, kind: K): ToWorker & { kind: K } =>
  process.told.findLast((one) => one.kind === kind) as ToWorker & { kind: K }

/** Answers every question of a kind. */
function answers(process: ScriptedProcess, failing?: string): void {
  process.onTold = (message) => {
    if (message.kind !== 'prepare' && message.kind !== 'commit') return
    const failure = failing === message.kind ? { message: 'not here', issues: [{ code: 'x', path: 'y', message: 'z' }] } : null
    queueMicrotask(() => process.says({ kind: 'done', id: message.id, failure }))
  }
}

describe('a change', () => {
  test('is made ready in all workers before it takes effect in any', async () => {
    const { control, processes } = await running()
    const order: string[] = []
    for (const process of processes) {
      answers(process)
      const answer = process.onTold
      process.onTold = (message) => {
        order.push(message.kind)
        answer(message)
      }
    }
    expect(await control.update('second', async () => order.push('here'))).toBe(3)
    expect(order).toEqual(['prepare', 'prepare', 'here', 'commit', 'commit'])
    expect(last(processes[0]!, 'prepare').configuration).toBe('second')
  })

  test('that one worker cannot have changes nothing anywhere', async () => {
    const { control, processes } = await running()
    answers(processes[0]!)
    answers(processes[1]!, 'prepare')
    const apply = vi.fn<() => Promise<void>>()
    await expect(control.update('second', apply)).rejects.toBeInstanceOf(ConfigError)
    expect(apply).not.toHaveBeenCalled()
    expect(kinds(processes[0]!).slice(-2)).toEqual(['prepare', 'abandon'])
    expect(last(processes[0]!, 'abandon').id).toBe(last(processes[0]!, 'prepare').id)
    expect(kinds(processes[1]!)).not.toContain('commit')
    expect(processes.some(({ isKilled }) => isKilled)).toBe(false)
  })

  test('that the control process cannot have changes nothing either', async () => {
    const { control, processes } = await running()
    processes.forEach((process) => answers(process))
    await expect(control.update('second', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(processes.map((process) => kinds(process).at(-1))).toEqual(['abandon', 'abandon'])
  })

  test('is what a worker gets that starts later', async () => {
    const { control, processes } = await running()
    processes.forEach((process) => answers(process))
    await control.update('second', async () => {})
    processes[0]!.exits('SIGKILL')
    await waitFor(() => processes.length === 3)
    processes[2]!.says({ kind: 'hello' })
    expect(last(processes[2]!, 'welcome').configuration).toBe('second')
  })

  test('is made up for by a worker that started with the one before', async () => {
    const { control, processes } = await running()
    processes[0]!.exits('SIGKILL')
    await waitFor(() => processes.length === 3)
    processes[2]!.says({ kind: 'hello' })
    answers(processes[1]!)
    answers(processes[2]!)
    await control.update('second', async () => {})
    expect(kinds(processes[2]!)).not.toContain('prepare')
    processes[2]!.says({ kind: 'ready', listening: LISTENING })
    await waitFor(() => kinds(processes[2]!).includes('commit'))
    expect(last(processes[2]!, 'prepare').configuration).toBe('second')
  })

  test('ends a worker that does not keep its word', async () => {
    const { control, processes } = await running()
    answers(processes[0]!)
    answers(processes[1]!, 'commit')
    await control.update('second', async () => {})
    expect(processes.map(({ isKilled }) => isKilled)).toEqual([false, true])
  })

  test('does not wait for a worker that ends meanwhile', async () => {
    const { control, processes } = await running()
    answers(processes[0]!)
    processes[1]!.onTold = ({ kind }) => void (kind === 'prepare' && queueMicrotask(() => processes[1]!.exits('SIGKILL')))
    await control.update('second', async () => {})
    expect(kinds(processes[0]!)).toContain('commit')
  })
})

describe('metrics', () => {
  /** Answers scrapes. */
  const reporting = (process: ScriptedProcess, metrics: MetricsData): void => {
    process.onTold = (message) => {
      if (message.kind === 'report') process.says({ kind: 'report', id: message.id, metrics })
    }
  }
  const line = async (control: Control, start: string): Promise<string | undefined> =>
    (await control.exposition()).split('\n').find((one) => one.startsWith(start))
  const REQUESTS = 'octopus_requests_total{method="GET",status="200",route="/a"}'

  test('are the sum of all workers', async () => {
    const { control, processes } = await running()
    reporting(processes[0]!, counted(3, 1))
    reporting(processes[1]!, counted(4, 2))
    expect(await line(control, REQUESTS)).toBe(`${REQUESTS} 7`)
    expect(await line(control, 'octopus_active_connections')).toBe('octopus_active_connections 3')
    expect(await line(control, 'octopus_workers{state="running"}')).toBe('octopus_workers{state="running"} 2')
  })

  test('what a worker that is gone had counted stays, its connections do not', async () => {
    const { control, processes } = await running()
    reporting(processes[0]!, counted(3, 1))
    reporting(processes[1]!, counted(4, 2))
    await control.exposition()
    processes[0]!.exits('SIGKILL')
    expect(await line(control, REQUESTS)).toBe(`${REQUESTS} 7`)
    expect(await line(control, 'octopus_active_connections')).toBe('octopus_active_connections 2')
    await waitFor(() => processes.length === 3)
    processes[2]!.says({ kind: 'hello' })
    processes[2]!.says({ kind: 'ready', listening: LISTENING })
    reporting(processes[2]!, counted(10))
    processes[1]!.exits('SIGKILL')
    expect(await line(control, REQUESTS)).toBe(`${REQUESTS} 17`)
    expect(await line(control, 'octopus_worker_restarts_total')).toBe('octopus_worker_restarts_total 1')
  })

  test('do not wait for a worker that does not answer: it counts with what it told last', async () => {
    const { control, processes } = await running()
    reporting(processes[0]!, counted(3))
    processes[1]!.says({ kind: 'report', id: null, metrics: counted(5) })
    const began = performance.now()
    expect(await line(control, REQUESTS)).toBe(`${REQUESTS} 8`)
    expect(performance.now() - began).toBeLessThan(2_000)
    expect(await line(control, 'octopus_workers{state="silent"}')).toBe('octopus_workers{state="silent"} 1')
  })

  test('endpoints are as bad as the worst worker sees them, and as busy as all of them make them', async () => {
    const { control, processes } = await running()
    const status = (over: Partial<EndpointStatus>): EndpointStatus => ({
      id: 'a',
      origin: 'http://a',
      weight: 1,
      labels: {},
      state: 'available',
      reason: null,
      since: null,
      outForMs: 0,
      active: 0,
      failures: 0,
      cuts: 0,
      refusals: 0,
      ejections: 0,
      circuit: 'closed',
      check: null,
      ...over,
    })
    const health = (one: EndpointStatus, opened: number): HealthData => ({
      name: 'up',
      isChecked: false,
      counts: { opened, unreachable: 0, ejected: 0, goodChecks: 0, badChecks: 0 },
      concurrency: { max: 10, active: 1, queued: 2, refused: 3, timedOut: 4 },
      endpoints: [one],
    })
    const bad = status({ active: 3, state: 'out', reason: 'failing', outForMs: 700, failures: 1, circuit: 'open' })
    reporting(processes[0]!, counted(0, 0, [health(status({ active: 2 }), 1)]))
    reporting(processes[1]!, counted(0, 0, [health(bad, 2), { ...health(bad, 2), name: 'gone' }]))
    expect(await control.upstreams()).toEqual([
      {
        ...health({ ...bad, active: 5 }, 3),
        concurrency: { max: 20, active: 2, queued: 4, refused: 6, timedOut: 8 },
      },
    ])
    expect(await line(control, 'octopus_circuit_breaker_state')).toBe('octopus_circuit_breaker_state{upstream="up"} 2')
    expect(await line(control, 'octopus_circuit_breaker_opened_total')).toBe(
      'octopus_circuit_breaker_opened_total{upstream="up",reason="failing"} 3',
    )
    processes[1]!.exits('SIGKILL')
    expect(await line(control, 'octopus_circuit_breaker_state')).toBe('octopus_circuit_breaker_state{upstream="up"} 0')
    expect(await line(control, 'octopus_circuit_breaker_opened_total')).toBe(
      'octopus_circuit_breaker_opened_total{upstream="up",reason="failing"} 3',
    )
  })
})

test.skipIf(spawnSync('promtool', ['--version']).status !== 0)(
  'promtool finds in what is added up nothing but the two gauges whose names are fixed',
  async () => {
    const { control, processes } = await running()
    for (const process of processes) process.says({ kind: 'report', id: null, metrics: { ...counted(3, 1), rejected: [['malformed', 1]] } })
    for (const process of processes) process.onTold = ({ kind }) => void (kind === 'report' && process.says({ kind: 'beat' }))
    const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], { input: await control.exposition(), encoding: 'utf8' })
    const names = `${stdout}${stderr}`.split('\n').flatMap((line) => /^(\S+) /.exec(line)?.[1] ?? [])
    expect(names.filter((name) => !['octopus_farp_services_total', 'octopus_farp_routes_total'].includes(name))).toEqual([])
    // 3 is for findings, 1 for a text that is none.
    expect([0, 3]).toContain(status)
  },
)

describe('starting', () => {
  test('fails with what the worker says, and leaves none', async () => {
    const gateway = createGateway({})
    onTestFinished(() => gateway[Symbol.asyncDispose]())
    const processes: ScriptedProcess[] = []
    const control = new Control(gateway, { count: 2, configuration: null, log: silentLogger }, () => {
      const process = new ScriptedProcess(processes.length + 1)
      processes.push(process)
      process.kill = () => void queueMicrotask(() => process.exits('SIGKILL'))
      return process
    })
    const started = control.start()
    processes[0]!.says({ kind: 'failed', failure: { message: 'port 1 is in use', code: 69 } })
    processes[0]!.exits('code 0')
    await expect(started).rejects.toMatchObject({ message: 'port 1 is in use', code: 69 })
    expect(control.list().map(({ state }) => state)).toEqual(['stopped', 'stopped'])
    expect(processes).toHaveLength(2)
  })
})
