import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { Announcer, freshType } from '../support/zeroconf.ts'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { freePort, Program, root, waitFor } from '../support/process.ts'
import { join } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { openapiOf, startFarpService, type FarpService, type FarpServiceOptions } from '@octopus-gateway/testing'
import { requirePythonModule } from '../support/components.ts'
import { statusOf, underLoad } from '../support/under-load.ts'
import { tmpdir } from 'node:os'

const BIN = join(root, 'node_modules/.bin/octopus')
const EXAMPLE = join(root, 'examples/discovery-mdns/octopus.yaml')
const python = requirePythonModule('zeroconf')

/** What Forge writes: everything that the instance says of itself, under its own names. */
function forgeTxt({ name, instanceId, origin, manifestUrl, openapiUrl }: FarpService, type: string): string[] {
  return [
    `name=${name}`,
    'version=1.0.0',
    `id=${instanceId}`,
    'farp.enabled=true',
    `farp.manifest=${manifestUrl}`,
    `farp.openapi=${openapiUrl}`,
    'farp.openapi.path=/openapi.json',
    'farp.capabilities=[rest]',
    'farp.health=/health',
    `farp.health.url=${origin}/health`,
    'tags=api,v1',
    `mdns.service_type=${type}`,
  ]
}

describe.skipIf(python === undefined)('services of the local network', () => {
  let folder: string
  let announcer: Announcer
  let type: string
  beforeAll(async () => {
    assertBuilt('packages/cli')
    folder = mkdtempSync(join(tmpdir(), 'octopus-e2e-mdns-'))
    announcer = await Announcer.start(python!)
  })
  afterAll(async () => {
    await announcer[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })
  beforeEach(() => void (type = freshType()))

  async function start(options: Partial<FarpServiceOptions> = {}): Promise<FarpService> {
    const service = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /people']), ...options })
    onTestFinished(() => service[Symbol.asyncDispose]())
    return service
  }

  const announce = (service: FarpService): Promise<void> =>
    announcer.put({ type, label: service.instanceId, port: service.port, txt: forgeTxt(service, type) })

  interface Started {
    readonly program: Program
    readonly url: string
    readonly admin: string
    readonly files: readonly string[]
  }

  async function gateway(): Promise<Started> {
    const [port, admin] = [await freePort(), await freePort()]
    const here = join(folder, `${port}.yaml`)
    writeFileSync(
      here,
      `server: { http_port: ${port}, admin_port: ${admin}, host: 127.0.0.1 }
discovery: { mdns: { service_types: [${type}], interface: 127.0.0.1, interval: 5s, browse_time: 500ms } }
farp: { watch_interval: 1s }
`,
    )
    const files = ['-c', EXAMPLE, '-c', here]
    const program = new Program(BIN, files)
    onTestFinished(() => program[Symbol.asyncDispose]())
    await program.printed('gateway started')
    return { program, url: `http://127.0.0.1:${port}`, admin: `http://127.0.0.1:${admin}`, files }
  }

  test('[F13.forge-mdns-503] a service of Forge that answers 503 for its manifest is routed by what its TXT record says', async () => {
    const service = await start({ manifestStatus: 503 })
    await announce(service)
    const { url, admin, files } = await gateway()
    await waitFor('its route', async () => (await statusOf(`${url}/users/people`)) === 200)
    const answer = (await (await fetch(`${url}/users/people`)).json()) as { readonly instance: string }
    expect(answer.instance).toBe(service.instanceId)
    expect(service.counts.manifest).toBeGreaterThan(0)
    const view = (await (await fetch(`${admin}/_/services`)).json()) as {
      readonly services: readonly { readonly name: string; readonly findings: readonly { readonly code: string }[] }[]
    }
    const [users] = view.services
    expect([view.services.length, users!.name]).toEqual([1, 'users'])
    expect(JSON.stringify(users)).toContain('METADATA_ONLY')

    // Who was answered within the last second has to wait for it.
    const patient = join(folder, 'patient.yaml')
    writeFileSync(patient, 'discovery: { mdns: { browse_time: 2s } }\n')
    await using sight = new Program(BIN, ['discover', ...files, '-c', patient])
    expect(await sight.exited()).toBe(0)
    expect(sight.output).toContain('mdns: 1 instance of 1 service')
    // Its manifest is there after all.
    service.update({ manifestStatus: 200 })
    await waitFor('the manifest', async () => !(await (await fetch(`${admin}/_/services`)).text()).includes('METADATA_ONLY'))
    expect(await statusOf(`${url}/users/people`)).toBe(200)
  })

  test('instances come, go with a goodbye, and vanish without one, under load: no request fails', async () => {
    const [first, second] = [await start(), await start()]
    await using mortal = await Announcer.start(python!)
    await mortal.put({ type, label: first.instanceId, port: first.port, txt: forgeTxt(first, type) })
    await announce(second)
    const { url } = await gateway()
    await waitFor('its route', async () => (await statusOf(`${url}/users/people`)) === 200)
    await waitFor('both instances', async () => {
      await statusOf(`${url}/users/people`)
      return first.counts.operations > 0 && second.counts.operations > 0
    })
    const counts = await underLoad(`${url}/users/people`, async () => {
      // The machine of the first one is gone.
      await mortal.kill()
      await first.stop()
      const third = await start()
      await announce(third)
      await waitFor('the third one', () => third.counts.operations > 0)
      await announcer.remove({ type, label: second.instanceId })
      let before: number
      await waitFor('requests at the third one alone', async () => {
        before = second.counts.operations
        const other = third.counts.operations
        await waitFor('requests at the third one', () => third.counts.operations > other + 20)
        return second.counts.operations === before
      })
    })
    expect(Object.keys(counts)).toEqual(['200'])
    expect(counts['200']).toBeGreaterThan(50)
  })
})
