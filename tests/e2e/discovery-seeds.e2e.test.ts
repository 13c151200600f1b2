import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { freePort, Program, root, waitFor } from '../support/process.ts'
import { join } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { statusOf, underLoad } from '../support/under-load.ts'
import { tmpdir } from 'node:os'

const BIN = join(root, 'node_modules/.bin/octopus')
const EXAMPLE = join(root, 'examples/discovery-seeds/octopus.yaml')

/** A service of the demo as a process of its own. */
async function serviceAt(name: 'demo-orders' | 'demo-catalog', port: number): Promise<Program> {
  const program = Program.node(join(root, 'examples', name, 'dist/index.js'), [], { PORT: String(port) })
  await program.printed(`:${port}`)
  return program
}

describe('services that say themselves who they are', () => {
  let folder: string
  beforeAll(() => {
    for (const name of ['packages/cli', 'examples/demo-orders', 'examples/demo-catalog']) assertBuilt(name)
    folder = mkdtempSync(join(tmpdir(), 'octopus-e2e-seeds-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('the example finds them; one that is killed under load costs no request and is used again when it is back, one that starts late is found', async () => {
    const [port, admin, one, two, catalog] = await Promise.all(Array.from({ length: 5 }, freePort))
    const seeds = [one, two, catalog].map((number) => `"http://127.0.0.1:${number}"`)
    const here = join(folder, 'here.yaml')
    writeFileSync(
      here,
      `server: { http_port: ${port}, admin_port: ${admin}, host: 127.0.0.1 }
discovery: { seeds: { urls: [${seeds.join(', ')}], interval: 1s } }
farp: { watch_interval: 1s }
`,
    )
    const files = ['-c', EXAMPLE, '-c', here]
    const url = `http://127.0.0.1:${port}`
    await using first = await serviceAt('demo-orders', one!)
    await using _second = await serviceAt('demo-orders', two!)
    await using gateway = new Program(BIN, files)
    await gateway.printed('gateway started')
    await waitFor('routes of the orders', async () => (await statusOf(`${url}/orders/purchases`)) === 200)
    await gateway.printed('a seed cannot be asked; its last record is kept')
    expect(await statusOf(`${url}/catalog/products`)).toBe(404)

    await using sight = new Program(BIN, ['discover', ...files])
    expect(await sight.exited()).toBe(0)
    expect(sight.output).toContain('seeds: 2 instances of 1 service')

    const instances = async (): Promise<Set<string>> => {
      const view = (await (await fetch(`http://127.0.0.1:${admin}/_/services`)).json()) as {
        readonly services: readonly { readonly name: string; readonly instances: readonly { readonly id: string }[] }[]
      }
      return new Set(view.services.find(({ name }) => name === 'orders')!.instances.map(({ id }) => id))
    }
    const linesAbout = (number: number): number => gateway.output.split(`"seed":"http://127.0.0.1:${number}"`).length
    const before = await instances()
    expect(before.size).toBe(2)
    const counts = await underLoad(`${url}/orders/purchases`, async () => {
      const told = linesAbout(one!)
      first.child.kill('SIGKILL')
      await first.exited()
      await waitFor('the failure is told', () => linesAbout(one!) > told)
      // The record of what does not answer stays; that it gets no requests is the work of the gateway's own health.
      expect(await instances()).toEqual(before)
      await using _again = await serviceAt('demo-orders', one!)
      await waitFor('the new instance', async () => [...(await instances())].some((id) => !before.has(id)))
      await using _late = await serviceAt('demo-catalog', catalog!)
      await waitFor('the service that came late', async () => (await statusOf(`${url}/catalog/products`)) === 200)
    })
    expect(Object.keys(counts)).toEqual(['200'])
    expect(counts['200']).toBeGreaterThan(50)
  })
})
