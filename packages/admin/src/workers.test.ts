import { createAdmin } from './app.ts'
import { endpointAt, gatewayWith, upstreamNamed } from './gateway.fixture.ts'
import { expect, test } from 'vitest'
import type { WorkersView, WorkerView } from './options.ts'

const running: WorkerView = { worker: 1, pid: 11, state: 'running', restarts: 0 }

function adminOf(view: Partial<WorkersView>): (path: string) => Promise<Response> {
  const gateway = gatewayWith({ upstreams: [upstreamNamed('users')], endpoints: { users: [endpointAt('http://10.0.0.1:80')] } })
  const workers: WorkersView = {
    list: () => [running],
    exposition: () => Promise.resolve('octopus_workers{state="running"} 1\n'),
    upstreams: () => Promise.resolve([]),
    ...view,
  }
  const { fetch } = createAdmin(gateway, { workers })
  return (path) => fetch(new Request(`http://localhost${path}`))
}

test.each([
  ['ok', [running]],
  ['starting', [running, { worker: 2, pid: 12, state: 'starting', restarts: 0 }]],
  ['degraded', [running, { worker: 2, pid: null, state: 'waiting', restarts: 3 }]],
])('health is %s by its workers, and lists them', async (status, list) => {
  expect(await (await adminOf({ list: () => list })('/_/health')).json()).toMatchObject({ status, workers: list })
})

test('upstreams are as the workers see them', async () => {
  const seen = endpointAt('http://10.0.0.1:80', { state: 'out', active: 5 })
  const counts = { opened: 0, unreachable: 0, ejected: 0, goodChecks: 0, badChecks: 0 }
  const users = { name: 'users', isChecked: false, counts, concurrency: null, endpoints: [seen] }
  const admin = adminOf({ upstreams: () => Promise.resolve([users]) })
  expect(await (await admin('/_/upstreams')).json()).toMatchObject({
    upstreams: [{ name: 'users', endpoints: [{ origin: 'http://10.0.0.1:80', state: 'out', active: 5 }] }],
  })
  expect(await (await admin('/_/health')).json()).toMatchObject({ status: 'degraded' })
})

test('metrics are those of the workers', async () => {
  expect(await (await adminOf({})('/metrics')).text()).toBe('octopus_workers{state="running"} 1\n')
})
