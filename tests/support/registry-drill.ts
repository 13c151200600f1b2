import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { join } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { openapiOf, startFarpService, type FarpService } from '@octopus-gateway/testing'
import { Program, freePort, root, waitFor } from './process.ts'
import { statusOf, underLoad } from './under-load.ts'
import { tmpdir } from 'node:os'

const BIN = join(root, 'node_modules/.bin/octopus')

/** A registry as services and operators see it. */
export interface DrilledRegistry extends AsyncDisposable {
  /** What stands in the file: `discovery: …` on one line. */
  readonly yaml: string
  /** Files beside that. */
  readonly files?: Readonly<Record<string, string>>
  put(service: FarpService): void | Promise<void>
  remove(service: FarpService): void | Promise<void>
  /** It cannot be reached any more; what is put meanwhile is there once it has started. */
  stop(): Promise<void>
  start(): Promise<void>
}

/**
 * Three services in a registry, the built command in front of them, requests under way all the time: the registry goes away and comes back with other
 * contents, an instance is killed. No request may fail. Without `open` a program is missing, and all of it is skipped.
 */
export function drillRegistry(name: string, open: false | (() => Promise<DrilledRegistry>)): void {
  describe.skipIf(open === false)(`services of ${name}`, () => {
    let folder: string
    let registry: DrilledRegistry
    const services: FarpService[] = []
    let gateway: Program
    let url: string
    let admin: string

    const start = async (service: string, path: string): Promise<FarpService> => {
      const started = await startFarpService({ name: service, openapi: openapiOf(service, [`GET /${path}`]) })
      services.push(started)
      await registry.put(started)
      return started
    }

    /** How many instances of a service the gateway knows. */
    async function instancesOf(service: string): Promise<number> {
      const { services: known } = (await (await fetch(`${admin}/_/services`)).json()) as {
        readonly services: readonly { readonly name: string; readonly instances: readonly unknown[] }[]
      }
      return known.find((one) => one.name === service)?.instances.length ?? 0
    }

    beforeAll(async () => {
      assertBuilt('packages/cli')
      folder = mkdtempSync(join(tmpdir(), `octopus-e2e-${name}-`))
      registry = await (open as () => Promise<DrilledRegistry>)()
      for (const [service, path] of [
        ['users', 'people'],
        ['users', 'people'],
        ['orders', 'open'],
        ['catalog', 'items'],
      ] as const)
        await start(service, path)
      const [port, adminPort] = [await freePort(), await freePort()]
      url = `http://127.0.0.1:${port}`
      admin = `http://127.0.0.1:${adminPort}`
      for (const [file, text] of Object.entries(registry.files ?? {})) writeFileSync(join(folder, file), text)
      const server = `{ http_port: ${port}, admin_port: ${adminPort}, host: 127.0.0.1 }`
      const farp = '{ enabled: true, watch_interval: 1s }'
      writeFileSync(join(folder, 'octopus.yaml'), `server: ${server}\n${registry.yaml}\nfarp: ${farp}\n`)
      gateway = new Program(BIN, ['--config', join(folder, 'octopus.yaml')])
      await gateway.printed('gateway started')
      await waitFor('routes of all services', async () => {
        const statuses = await Promise.all(['/users/people', '/orders/open', '/catalog/items'].map((path) => statusOf(url + path)))
        return statuses.every((status) => status === 200) && (await instancesOf('users')) === 2
      })
    })
    afterAll(async () => {
      for (const one of [gateway, ...services, registry]) await one[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    })

    test('it goes away under load and comes back with other contents: no request fails, and the new service is there', async () => {
      const counts = await underLoad(`${url}/users/people`, async (soFar) => {
        await registry.stop()
        await gateway.printed('discovery provider failed; its last instances are kept')
        await start('stock', 'levels')
        const before = soFar['200'] ?? 0
        await waitFor('requests during the outage', () => (soFar['200'] ?? 0) > before + 50)
        await registry.start()
        await gateway.printed('discovery provider is back')
        await waitFor('the new service', async () => (await statusOf(`${url}/stock/levels`)) === 200)
      })
      expect(Object.keys(counts)).toEqual(['200'])
    })

    test('an instance is killed under load: no request fails, and once the registry knows, nobody asks it', async () => {
      const [first, second] = services as [FarpService, FarpService]
      const counts = await underLoad(`${url}/users/people`, async (soFar) => {
        await first.stop()
        const unnoticed = soFar['200'] ?? 0
        await waitFor('requests while the registry does not know', () => (soFar['200'] ?? 0) > unnoticed + 50)
        await registry.remove(first)
        await waitFor('the registry, believed', async () => (await instancesOf('users')) === 1)
        await first.start()
        const [before, other] = [first.counts.operations, second.counts.operations]
        await waitFor('requests at the other one', () => second.counts.operations > other + 100)
        // It would answer, and nobody asks.
        expect(first.counts.operations).toBe(before)
        await registry.put(first)
        await waitFor('the instance, asked again', () => first.counts.operations > before)
      })
      expect(Object.keys(counts)).toEqual(['200'])
    })
  })
}
