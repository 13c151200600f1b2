import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { Agent, createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { Program, root, waitFor } from '../support/process.ts'

const BIN = join(root, 'node_modules/.bin/octopus')

let folder: string
let upstream: Server
let connections = 0

beforeAll(async () => {
  assertBuilt('packages/cli')
  folder = mkdtempSync(join(tmpdir(), 'octopus-e2e-reload-'))
  upstream = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
  upstream.on('connection', () => (connections += 1))
  await once(upstream, 'listening')
})
afterAll(() => {
  upstream.closeAllConnections()
  upstream.close()
  rmSync(folder, { recursive: true })
})

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const config = (extra: string, routes = ''): string =>
  `server: { http_port: 0, host: 127.0.0.1, admin_port: 0 }\n` +
  `upstreams: [{ name: up, instances: [{ address: 127.0.0.1, port: ${(upstream.address() as AddressInfo).port} }] }]\n` +
  `routes: [{ path: /stays/*, upstream: up }${routes}]\n${extra}`

/** Asks over kept connections. */
class Client implements Disposable {
  readonly #agent = new Agent({ keepAlive: true })

  async status(url: string): Promise<number> {
    const request = get(url, { agent: this.#agent })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
    return response.statusCode!
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}

const count = (program: Program, text: string): number => program.output.split(text).length - 1

test('[R33] 100 reloads by SIGHUP while requests come: none fails, a bad configuration in between changes nothing, connections to upstreams are kept', async () => {
  const path = file('hangup.yaml', config(''))
  await using program = new Program(BIN, ['-c', path, '--no-watch'])
  await program.printed('gateway started')
  const { url } = JSON.parse(/\{.*gateway started.*\}/.exec(program.output)![0]) as { readonly url: string }
  using client = new Client()
  connections = 0
  const over = new AbortController()
  const statuses: number[] = []
  const load = Array.from({ length: 4 }, async () => {
    while (!over.signal.aborted) statuses.push(await client.status(`${url}/stays/here`))
  })
  for (let n = 1; n <= 100; n++) {
    const isBad = n % 10 === 0
    writeFileSync(path, config(isBad ? 'surver: {}\n' : '', `, { path: /only-${n}, upstream: up }`))
    const what = isBad ? 'configuration refused' : 'configuration reloaded'
    const before = count(program, what)
    program.child.kill('SIGHUP')
    await waitFor(`reload ${n}`, () => count(program, what) > before)
  }
  expect(await client.status(`${url}/only-99`)).toBe(200)
  expect(await client.status(`${url}/only-98`)).toBe(404)
  over.abort()
  await Promise.all(load)
  expect(statuses.length).toBeGreaterThan(100)
  expect(statuses.filter((status) => status !== 200)).toEqual([])
  expect(connections).toBeLessThanOrEqual(6)
  expect([count(program, 'configuration reloaded'), count(program, 'configuration refused')]).toEqual([90, 10])
}, 60_000)

test('[R33] the swap of a Kubernetes ConfigMap reloads without a signal', async () => {
  const map = join(folder, 'map')
  const publish = (version: number): void => {
    mkdirSync(join(map, `..${version}`), { recursive: true })
    writeFileSync(join(map, `..${version}/octopus.yaml`), config('', `, { path: /only-${version}, upstream: up }`))
    symlinkSync(`..${version}`, join(map, '..data_tmp'))
    renameSync(join(map, '..data_tmp'), join(map, '..data'))
  }
  publish(1)
  symlinkSync('..data/octopus.yaml', join(map, 'octopus.yaml'))
  await using program = new Program(BIN, ['-c', map])
  await program.printed('gateway started')
  const { url } = JSON.parse(/\{.*gateway started.*\}/.exec(program.output)![0]) as { readonly url: string }
  using client = new Client()
  for (let version = 2; version <= 4; version++) {
    publish(version)
    rmSync(join(map, `..${version - 1}`), { recursive: true })
    await waitFor(`version ${version}`, async () => (await client.status(`${url}/only-${version}`)) === 200)
    expect(await client.status(`${url}/only-${version - 1}`)).toBe(404)
  }
  expect(count(program, 'configuration refused')).toBe(0)
})

describe('octopus dev', () => {
  /** A plugin that says its word in a field of every answer, and in the log when it is let go. */
  const stamp = (word: string): string => `
const schema = { '~standard': { version: 1, vendor: 'test', validate: (config) => ({ value: config }) } }
const factory = (config) => ({
  name: 'stamp', version: '1.0.0', identity: { name: 'stamp', version: '1.0.0', config },
  setup: ({ log }) => ({
    onResponse(ctx, response) { response.headers.set('x-stamp', '${word}') },
    async [Symbol.asyncDispose]() { log.info('let go: ${word}') },
  }),
})
export default Object.assign(factory, { pluginName: 'stamp', config: schema })
`

  test('runs a plugin module as it is saved; a broken one is told with file and line, and the last good one keeps running', async () => {
    file('stamp.mjs', stamp('one'))
    await using program = new Program(BIN, [
      'dev',
      '-c',
      file('config.dev.yaml', config('plugins: [{ name: stamp, path: ./stamp.mjs }]\n')),
    ])
    await program.printed('Ctrl-C')
    const url = /Gateway +(http:\S+)/.exec(program.output)![1]!
    const word = async (): Promise<string | null> => (await fetch(`${url}/stays/here`)).headers.get('x-stamp')
    expect(await word()).toBe('one')
    file('stamp.mjs', stamp('two'))
    await program.printed('let go: one')
    expect(await word()).toBe('two')
    file('stamp.mjs', 'export const a = 1\n\nexport default { name: }\n')
    await program.printed("stamp.mjs:3: Unexpected token '}'")
    expect(await word()).toBe('two')
    file('stamp.mjs', `${stamp('three')}\nthrow new Error('not today')\n`)
    await program.printed('stamp.mjs:12: not today')
    expect(await word()).toBe('two')
    file('stamp.mjs', stamp('three'))
    await program.printed('let go: two')
    expect(await word()).toBe('three')
    program.child.kill('SIGTERM')
    expect(await program.exited()).toBe(0)
  })
})
