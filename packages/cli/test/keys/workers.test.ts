import { afterAll, beforeAll, expect } from 'vitest'
import { assertBuilt } from '../../../../scripts/lib/build.mjs'
import { availableParallelism } from 'node:os'
import { behaviour } from './behaviour.ts'
import { discovered, discovery, upstream } from './yaml.ts'
import { refused, running, type Running } from './running.ts'
import { openapiOf, startFarpService, startService, type Service } from '@octopus-gateway/testing'

let up: Service
beforeAll(async () => {
  // Workers are processes of their own: they run what is built.
  assertBuilt('packages/cli')
  // This process reads src, and its children would too.
  process.execArgv.splice(0)
  up = await startService()
})
afterAll(() => up[Symbol.asyncDispose]())

interface Worker {
  readonly pid: number
  readonly state: string
}

async function workersOf(gateway: Running): Promise<readonly Worker[] | undefined> {
  return ((await (await fetch(`${gateway.admin}/_/health`)).json()) as { readonly workers?: readonly Worker[] }).workers
}

behaviour('server.workers', 'so many processes carry the traffic of one port', async () => {
  await using gateway = await running(`server: { workers: 3 }\n${upstream(up.port)}`)
  const workers = await workersOf(gateway)
  expect(workers).toHaveLength(3)
  expect(new Set(workers!.map(({ pid }) => pid)).size).toBe(3)
  expect(workers!.map(({ pid }) => pid)).not.toContain(process.pid)
  expect(await Promise.all(Array.from({ length: 30 }, () => gateway.status('/')))).toEqual(Array.from({ length: 30 }, () => 200))
})

behaviour('server.workers', 'auto is one for each core', async ({ skip }) => {
  skip(availableParallelism() === 1, 'with one core there is one process')
  await using gateway = await running(`server: { workers: auto }\n${upstream(up.port)}`)
  expect(await workersOf(gateway)).toHaveLength(availableParallelism())
})

behaviour('server.workers', 'with 1, the default, this process does it', async () => {
  await using standard = await running(upstream(up.port))
  await using one = await running(`server: { workers: 1 }\n${upstream(up.port)}`)
  expect([await workersOf(standard), await workersOf(one)]).toEqual([undefined, undefined])
})

behaviour('server.workers', 'other words and numbers are refused', async () => {
  const said = await Promise.all(['many', '0', '1.5', '"2"'].map((value) => refused(`server: { workers: ${value} }`)))
  expect(said.map(({ code }) => code)).toEqual([78, 78, 78, 78])
  expect(said[0]!.err).toContain('server.workers: must be a whole number from 1 to 1024, not "many" (auto fits it to the machine)')
})

behaviour('server.workers', 'routes that services publish are those of every worker, and each service is asked once', async () => {
  await using shop = await startFarpService({ name: 'shop', openapi: openapiOf('Shop', ['GET /items']) })
  await using gateway = await running(`server: { workers: 2 }\nfarp: { watch_interval: 1h }\n${discovery(discovered('shop', shop.port))}`)
  expect(await Promise.all(Array.from({ length: 20 }, () => gateway.status('/shop/items')))).toEqual(Array.from({ length: 20 }, () => 200))
  expect([shop.counts.manifest, shop.counts.openapi]).toEqual([1, 1])
})
