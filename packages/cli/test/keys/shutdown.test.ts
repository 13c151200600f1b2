import { afterAll, beforeAll, expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { refused, running } from './running.ts'
import { startRawServer, startService, waitFor, hang, type Service } from '@octopus-gateway/testing'
import { upstream } from './yaml.ts'

let echo: Service
beforeAll(async () => {
  echo = await startService()
})
afterAll(() => echo[Symbol.asyncDispose]())

behaviour('server.shutdown.pre_stop_delay', 'readiness is off, new connections are served, and the admin API stays', async () => {
  const gateway = await running(`server: { shutdown: { pre_stop_delay: 600ms } }\n${upstream(echo.port)}`)
  expect(await gateway.status('/readyz')).toBe(200)
  const asked = performance.now()
  const stopped = gateway[Symbol.asyncDispose]()
  await waitFor(async () => (await gateway.status('/readyz')) === 503)
  expect(await gateway.status('/x', { headers: { connection: 'close' } })).toBe(200)
  expect((await fetch(`${gateway.admin}/_/health`)).status).toBe(200)
  await stopped
  expect(performance.now() - asked).toBeGreaterThanOrEqual(595)
})

behaviour('server.shutdown.pre_stop_delay', 'there is none by default', async () => {
  const gateway = await running(upstream(echo.port))
  expect(await gateway.status('/x')).toBe(200)
  const asked = performance.now()
  await gateway[Symbol.asyncDispose]()
  expect(performance.now() - asked).toBeLessThan(500)
})

behaviour('server.shutdown.timeout', 'what is not done by then is cut; admin answers until then', async () => {
  await using slow = await startRawServer(hang())
  const gateway = await running(`server: { shutdown: { timeout: 500ms } }\n${upstream(slow.port)}`)
  const request = gateway.status('/x').catch(() => 'cut')
  await waitFor(() => slow.received[0]?.includes('GET /x'))
  const asked = performance.now()
  const stopped = gateway[Symbol.asyncDispose]()
  expect((await fetch(`${gateway.admin}/metrics`)).status).toBe(200)
  await stopped
  const took = performance.now() - asked
  expect(took).toBeGreaterThanOrEqual(495)
  expect(took).toBeLessThan(3_000)
  expect(await request).toBe('cut')
})

behaviour('server.probes.enabled', 'without them their paths are paths like others', async () => {
  await using gateway = await running(`server: { probes: { enabled: false } }\n${upstream(echo.port)}`)
  expect(await gateway.json('/readyz')).toMatchObject({ url: '/readyz' })
})

/** A probe is at its place before every route, goes where it is told, and takes a plain path of its own and nothing else. */
async function isAt(probe: string, path: string): Promise<void> {
  await using standard = await running(upstream(echo.port))
  expect(await standard.json(path)).toEqual({ status: 'ok' })
  await using moved = await running(`server: { probes: { ${probe}: /there/z } }\n${upstream(echo.port)}`)
  expect(await moved.json('/there/z')).toEqual({ status: 'ok' })
  expect(await moved.json(path)).toMatchObject({ url: path })
  const other = probe === 'liveness' ? 'readiness' : 'liveness'
  const same = await refused(`server: { probes: { ${probe}: /x, ${other}: /x } }`)
  expect([same.code, same.err]).toEqual([78, expect.stringContaining('is /x, which is the path of the')])
  for (const bad of ['no-slash', '/a?b', '/a/../b', '/%61'])
    expect((await refused(`server: { probes: { ${probe}: "${bad}" } }`)).code).toBe(78)
}

behaviour('server.probes.liveness', 'is /livez by default, and moves', () => isAt('liveness', '/livez'))
behaviour('server.probes.readiness', 'is /readyz by default, and moves', () => isAt('readiness', '/readyz'))
behaviour('server.probes.startup', 'is /startupz by default, and moves', () => isAt('startup', '/startupz'))

behaviour('server.probes.require_sync', 'readiness waits for a service that does not tell about itself, unless it is not to', async () => {
  await using silent = await startRawServer(hang())
  const yaml = (server: string): string =>
    `server: { ${server} }\nadmin: { enabled: false }\ndiscovery:\n  backend: static\n  static: { services: [{ name: silent, address: 127.0.0.1, port: ${silent.port} }] }\n`
  await using waiting = await running(yaml(''))
  expect(await waiting.json('/readyz')).toEqual({ status: 'waiting for discovery' })
  expect(await waiting.status('/livez')).toBe(200)
  await using careless = await running(yaml('probes: { require_sync: false }'))
  expect(await careless.status('/readyz')).toBe(200)
})
