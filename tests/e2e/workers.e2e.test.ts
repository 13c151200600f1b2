import { Agent, createServer, request, type Server } from 'node:http'
import { connect } from 'node:net'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { Program, childrenOf, freePort, isAlive, root, waitFor } from '../support/process.ts'

const SCRIPT = join(root, 'packages/cli/bin/octopus.js')

let folder: string
let upstream: Server
/** Lets the upstream answer what it holds back. */
let answers: (() => void)[] = []

beforeAll(async () => {
  assertBuilt('packages/cli')
  folder = mkdtempSync(join(tmpdir(), 'octopus-workers-'))
  upstream = createServer((incoming, response) => {
    if (incoming.url === '/slow') answers.push(() => response.end('late'))
    else response.end('hello')
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
})
afterAll(() => {
  upstream.closeAllConnections()
  upstream.close()
  rmSync(folder, { recursive: true })
})

const yaml = (port: number, adminPort: number, { path = '/*', more = '' } = {}): string =>
  `server: { http_port: ${port}, admin_port: ${adminPort}, host: 127.0.0.1, workers: 2 }\n` +
  `upstreams: [{ name: up, instances: [{ address: 127.0.0.1, port: ${(upstream.address() as AddressInfo).port} }] }]\n` +
  `routes: [{ path: ${path}, upstream: up }]\n${more}`

interface Served {
  readonly program: Program
  readonly port: number
  readonly admin: string
  readonly file: string
  /** The process ids of the workers. */
  workers(): number[]
}

async function serving(how: { readonly path?: string; readonly more?: string } = {}): Promise<Served> {
  const [port, adminPort] = [await freePort(), await freePort()]
  const file = join(folder, `${port}.yaml`)
  writeFileSync(file, yaml(port, adminPort, how))
  const program = Program.node(SCRIPT, ['--config', file])
  await program.printed('gateway started')
  return { program, port, admin: `http://127.0.0.1:${adminPort}`, file, workers: () => childrenOf(program.child.pid!) }
}

/** A request on a connection of its own, or of an agent. */
function get(port: number, path = '/', agent: Agent | false = false): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, agent }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (piece: string) => (body += piece))
      response.on('end', () => resolve({ status: response.statusCode!, body }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

interface Health {
  readonly status: string
  readonly workers: readonly { readonly worker: number; readonly pid: number | null; readonly state: string; readonly restarts: number }[]
}

const health = async (admin: string): Promise<Health> => (await (await fetch(`${admin}/_/health`)).json()) as Health
const metric = async (admin: string, name: string): Promise<number> => {
  const text = await (await fetch(`${admin}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

function messages(program: Program): string[] {
  return program.output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => (JSON.parse(line) as { readonly message: string }).message)
}

async function refuses(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(false)).once('error', () => resolve(true))
  }).then((refused) => {
    socket.destroy()
    return refused as boolean
  })
}

test('both workers serve, their requests are one sum, and the control process says who they are', async () => {
  const { program, port, admin, workers } = await serving()
  await using _ = program
  expect(workers()).toHaveLength(2)
  const before = workers().map(cpuOf)
  for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 20 }, () => get(port)))
  expect(await metric(admin, 'octopus_requests_total')).toBe(200)
  expect(await metric(admin, 'octopus_request_duration_seconds_count')).toBe(200)
  expect(workers().every((pid, i) => cpuOf(pid) > before[i]!)).toBe(true)
  expect(await health(admin)).toMatchObject({
    status: 'ok',
    workers: [
      { worker: 1, state: 'running', restarts: 0 },
      { worker: 2, state: 'running', restarts: 0 },
    ],
  })
  expect((await health(admin)).workers.map(({ pid }) => pid).sort()).toEqual(workers().sort())
  await waitFor('every request logged', () => messages(program).filter((message) => message === 'request processed').length === 200)
  expect(messages(program).filter((message) => message === 'limits count per worker')).toHaveLength(1)
})

/** Ticks of CPU time of a process. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return Number(fields[11]) + Number(fields[12])
}

test('lines of both workers are whole, also those that no pipe takes in one piece', async () => {
  const { program, port, workers } = await serving()
  await using _ = program
  expect(workers()).toHaveLength(2)
  // Longer than what a pipe takes whole from one of several writers (4 KiB).
  const paths = Array.from({ length: 400 }, (_, i) => `/${i}/${'abcdefghij'.repeat(100 + (i % 5) * 150)}`)
  for (let i = 0; i < paths.length; i += 40) await Promise.all(paths.slice(i, i + 40).map((path) => get(port, path)))
  const logged = (): string[] => program.output.split('\n').filter((line) => line.includes('request processed'))
  await waitFor('every request logged', () => logged().length === paths.length)
  expect(
    logged()
      .map((line) => (JSON.parse(line) as { readonly path: string }).path)
      .sort(),
  ).toEqual([...paths].sort())
})

describe('a killed worker', () => {
  test('fails at most the requests in flight on it, and another one takes its place', async () => {
    const { program, port, admin, workers } = await serving()
    await using _ = program
    answers = []
    // Requests that are held back, on both workers.
    const held = Array.from({ length: 16 }, () =>
      get(port, '/slow').then(
        () => 'answered',
        () => 'cut',
      ),
    )
    await waitFor('the requests at the upstream', () => answers.length === 16)
    const ended = new AbortController()
    let failed = 0
    let done = 0
    // New connections one after the other, all the time.
    const load = (async () => {
      while (!ended.signal.aborted) {
        await get(port).then(
          () => done++,
          () => failed++,
        )
      }
    })()
    const [victim] = workers()
    process.kill(victim!, 'SIGKILL')
    await program.printed('another one takes its place')
    await waitFor('the next worker', async () => (await health(admin)).workers.every(({ state }) => state === 'running'))
    const count = done
    await waitFor('more requests', () => done > count + 50)
    ended.abort()
    await load
    for (const answer of answers) answer()
    const outcomes = await Promise.all(held)
    expect(outcomes).toContain('answered')
    // One of the requests one after the other may have been on it.
    expect(failed).toBeLessThanOrEqual(1)
    expect(workers()).toHaveLength(2)
    expect(workers()).not.toContain(victim)
    expect((await health(admin)).workers.reduce((sum, { restarts }) => sum + restarts, 0)).toBe(1)
    expect(await metric(admin, 'octopus_worker_restarts_total')).toBe(1)
  })

  test('leaves its port to the others also when all are killed at once', async () => {
    const { program, port, admin, workers } = await serving()
    await using _ = program
    for (const pid of workers()) process.kill(pid, 'SIGKILL')
    await waitFor('new workers', async () =>
      (await health(admin)).workers.every(({ state, restarts }) => state === 'running' && restarts === 1),
    )
    expect((await get(port)).status).toBe(200)
  })
})

describe('stopping', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s to the whole group ends with 0, once requests under way are answered', async (signal) => {
    const { program, port, workers } = await serving()
    await using _ = program
    answers = []
    const agent = new Agent({ keepAlive: true })
    const slow = Array.from({ length: 6 }, () => get(port, '/slow', agent))
    await waitFor('the requests at the upstream', () => answers.length === 6)
    const pids = workers()
    // A terminal and a service manager tell all of them.
    for (const pid of [...pids, program.child.pid!]) process.kill(pid, signal)
    await program.printed('gateway stopping')
    await waitFor('no new connections', () => refuses(port))
    // One that has none of them may have ended.
    expect(pids.some(isAlive)).toBe(true)
    for (const answer of answers) answer()
    expect((await Promise.all(slow)).map(({ body }) => body)).toEqual(Array.from({ length: 6 }, () => 'late'))
    expect(await program.exited()).toBe(0)
    expect(pids.some(isAlive)).toBe(false)
    expect(messages(program).filter((message) => message === 'request processed')).toHaveLength(6)
    expect(messages(program)).not.toContain('worker ended; another one takes its place')
    agent.destroy()
  })

  test('a second signal ends everything at once', async () => {
    const { program, port, workers } = await serving()
    await using _ = program
    answers = []
    const slow = get(port, '/slow').catch(() => 'cut')
    await waitFor('the request at the upstream', () => answers.length === 1)
    const pids = workers()
    program.child.kill('SIGTERM')
    await program.printed('gateway stopping')
    program.child.kill('SIGTERM')
    expect(await program.exited()).toBe(1)
    expect(await slow).toBe('cut')
    await waitFor('no worker', () => !pids.some(isAlive))
  })

  test('workers do not outlive the control process, but finish what they have', async () => {
    const { program, port, workers } = await serving()
    await using _ = program
    answers = []
    const slow = get(port, '/slow')
    await waitFor('the request at the upstream', () => answers.length === 1)
    const pids = workers()
    program.child.kill('SIGKILL')
    await waitFor('no new connections', () => refuses(port))
    expect(pids.some(isAlive)).toBe(true)
    answers[0]!()
    expect((await slow).body).toBe('late')
    await waitFor('no worker', () => !pids.some(isAlive))
  })
})

describe('reloading', () => {
  test('reaches all workers, also one that comes later, and what is wrong reaches none', async () => {
    const { program, port, admin, file, workers } = await serving({ path: '/old' })
    await using _ = program
    const ports = [port, Number(new URL(admin).port)] as const
    const statuses = async (path: string): Promise<number[]> => [
      ...new Set((await Promise.all(Array.from({ length: 30 }, () => get(port, path)))).map(({ status }) => status)),
    ]
    writeFileSync(file, yaml(...ports, { path: '/new' }))
    program.child.kill('SIGHUP')
    await program.printed('configuration reloaded')
    expect([await statuses('/new'), await statuses('/old')]).toEqual([[200], [404]])
    writeFileSync(file, yaml(...ports, { path: '/newer', more: 'nonsense: 1\n' }))
    program.child.kill('SIGHUP')
    await program.printed('configuration refused')
    expect([await statuses('/new'), await statuses('/newer')]).toEqual([[200], [404]])
    // The files say something else than what is in effect: a worker that starts now must not listen to them.
    process.kill(workers()[0]!, 'SIGKILL')
    await waitFor('the next worker', async () =>
      (await health(admin)).workers.some(({ restarts, state }) => restarts === 1 && state === 'running'),
    )
    expect([await statuses('/new'), await statuses('/newer'), await statuses('/old')]).toEqual([[200], [404], [404]])
  })
})

describe('what keeps workers from starting', () => {
  test('a port in use ends with 69 and says so once', async () => {
    const file = join(folder, 'taken.yaml')
    writeFileSync(file, yaml((upstream.address() as AddressInfo).port, await freePort()))
    await using program = Program.node(SCRIPT, ['--config', file])
    expect(await program.exited()).toBe(69)
    expect(program.output.match(/port \d+ is in use/g)).toHaveLength(1)
    expect(program.output).not.toContain('    at ')
  })

  test('a configuration that is wrong ends with 78 before any worker', async () => {
    const file = join(folder, 'wrong.yaml')
    writeFileSync(file, 'server: { workers: 2, htp_port: 1 }\n')
    await using program = Program.node(SCRIPT, ['--config', file])
    expect(await program.exited()).toBe(78)
    expect(program.output).toContain('did you mean http_port?')
  })

  test('a plugin that fails only in a worker ends with 78 and its reason', async () => {
    const file = join(folder, 'moody.yaml')
    writeFileSync(
      join(folder, 'moody.mjs'),
      `import cluster from 'node:cluster'
export default {
  name: 'moody',
  version: '1.0.0',
  identity: { name: 'moody', version: '1.0.0', config: null },
  setup() {
    if (cluster.isWorker) throw new Error('not in this process')
    return {}
  },
}
`,
    )
    writeFileSync(file, yaml(await freePort(), await freePort(), { more: 'plugins: [{ name: moody, path: ./moody.mjs }]\n' }))
    await using program = Program.node(SCRIPT, ['--config', file])
    expect(await program.exited()).toBe(78)
    expect(program.output.match(/not in this process/g)).toHaveLength(1)
  })
})
