import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { join } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { openapiOf, startFarpService, type FarpService } from '@octopus-gateway/testing'
import { Program, freePort, root, waitFor } from './process.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { tmpdir } from 'node:os'

const BIN = join(root, 'node_modules/.bin/octopus')

/** A registry as services and operators see it. */
export interface DrilledRegistry extends AsyncDisposable {
  /** What stands in the file: `discovery: …` on one line. */
  readonly yaml: string
  put(service: FarpService): Promise<void>
  remove(service: FarpService): Promise<void>
  /** It cannot be reached any more; what is put meanwhile is there when it starts. */
  stop(): Promise<void>
  start(): Promise<void>
}

/**
 * Three services in a registry, the built command in front of them, requests under way all the time: the registry goes away and comes back with other
 * contents, an instance is killed. No request may fail. `within` is how soon a change has to be known. Milliseconds.
 */
export function drillRegistry(name: string, open: () => Promise<DrilledRegistry>, within: number): void {
  describe(`services of ${name}`, () => {
    let folder: string
    let registry: DrilledRegistry
    let services: FarpService[]
    let gateway: Program
    let url: string

    const start = async (service: string, path: string): Promise<FarpService> => {
      const started = await startFarpService({ name: service, openapi: openapiOf(service, [`GET /${path}`]) })
      services.push(started)
      return started
    }

    async function status(path: string): Promise<number> {
      const response = await fetch(url + path)
      await response.arrayBuffer()
      return response.status
    }

    /** Requests of four clients, one after the other each, while something happens: what was answered, by status. */
    async function underLoad(path: string, run: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
      const counts: Record<string, number> = {}
      const over = new AbortController()
      const clients = Array.from({ length: 4 }, async () => {
        while (!over.signal.aborted) {
          const answered = await status(path).then(String, (error: Error) => error.message)
          counts[answered] = (counts[answered] ?? 0) + 1
          await sleep(2)
        }
      })
      try {
        await run()
      } finally {
        over.abort()
        await Promise.all(clients)
      }
      return counts
    }

    beforeAll(() => {
      assertBuilt('packages/cli')
      folder = mkdtempSync(join(tmpdir(), `octopus-e2e-${name}-`))
    })
    afterAll(() => rmSync(folder, { recursive: true }))

    beforeEach(async () => {
      registry = await open()
      services = []
      for (const [service, path] of [
        ['users', 'people'],
        ['users', 'people'],
        ['orders', 'open'],
        ['catalog', 'items'],
      ] as const)
        await registry.put(await start(service, path))
      const port = await freePort()
      url = `http://127.0.0.1:${port}`
      writeFileSync(
        join(folder, 'octopus.yaml'),
        `server: { http_port: ${port}, host: 127.0.0.1 }\nadmin: { enabled: false }\n${registry.yaml}\nfarp: { enabled: true, watch_interval: 1s }\n`,
      )
      gateway = new Program(BIN, ['--config', join(folder, 'octopus.yaml')])
      await gateway.printed('gateway started')
      await waitFor('routes of all services', async () =>
        (await Promise.all([status('/users/people'), status('/orders/open'), status('/catalog/items')])).every((one) => one === 200),
      )
    })
    afterEach(async () => {
      await gateway[Symbol.asyncDispose]()
      for (const service of services) await service[Symbol.asyncDispose]()
      await registry[Symbol.asyncDispose]()
    })

    test('it goes away under load and comes back with other contents: no request fails, and the new service is there', async () => {
      const counts = await underLoad('/users/people', async () => {
        await registry.stop()
        await gateway.printed('discovery provider failed; its last instances are kept')
        await registry.put(await start('stock', 'levels'))
        await sleep(500)
        await registry.start()
        await gateway.printed('discovery provider is back')
        await waitFor('the new service', async () => (await status('/stock/levels')) === 200)
      })
      expect(Object.keys(counts)).toEqual(['200'])
      expect(counts['200']).toBeGreaterThan(50)
    })

    test('an instance is killed under load: no request fails, and once the registry knows, nobody asks it', async () => {
      const [first, second] = services as [FarpService, FarpService]
      const counts = await underLoad('/users/people', async () => {
        await first.stop()
        await sleep(300)
        await registry.remove(first)
        await sleep(within)
        await first.start()
        const [before, other] = [first.counts.operations, second.counts.operations]
        await waitFor('requests at the other one', () => second.counts.operations > other + 20)
        // It would answer, and nobody asks.
        expect(first.counts.operations).toBe(before)
        await registry.put(first)
        await waitFor('the instance, asked again', () => first.counts.operations > before)
      })
      expect(Object.keys(counts)).toEqual(['200'])
    })
  })
}
