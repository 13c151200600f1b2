import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { Program, freePort, isAlive, root, waitFor } from '../support/process.ts'

/** What `npx octopus` runs here. */
const BIN = join(root, 'node_modules/.bin/octopus')
const SCRIPT = join(root, 'packages/cli/bin/octopus.js')

let folder: string
let upstream: Server
/** Lets the upstream answer what it holds back. */
let answers: (() => void)[] = []

beforeAll(async () => {
  assertBuilt('packages/cli')
  folder = mkdtempSync(join(tmpdir(), 'octopus-e2e-'))
  upstream = createServer((request, response) => {
    if (request.url === '/slow') answers.push(() => response.end('late'))
    else response.end('hello')
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
})
afterAll(() => {
  upstream.closeAllConnections()
  upstream.close()
  rmSync(folder, { recursive: true })
})

const portOf = (server: Server): number => (server.address() as AddressInfo).port

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const config = (port: number): string =>
  file(
    `${port}.yaml`,
    `server: { http_port: ${port}, host: 127.0.0.1 }\nadmin: { enabled: false }\n` +
      `upstreams: [{ name: up, instances: [{ address: 127.0.0.1, port: ${portOf(upstream)} }] }]\nroutes: [{ path: /*, upstream: up }]\n`,
  )

/** The gateway as its own process, listening. */
async function serving(start: (args: readonly string[]) => Program): Promise<{ readonly program: Program; readonly url: string }> {
  const port = await freePort()
  const program = start(['--config', config(port)])
  await program.printed('gateway started')
  return { program, url: `http://127.0.0.1:${port}` }
}

const direct = (args: readonly string[]): Program => new Program(BIN, args)

describe('exit codes of octopus', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('0 after %s, once the request under way has been answered', async (signal) => {
    const { program, url } = await serving(direct)
    await using _ = program
    expect(await (await fetch(`${url}/`)).text()).toBe('hello')
    answers = []
    const slow = fetch(`${url}/slow`)
    await waitFor('the request at the upstream', () => answers.length === 1)
    program.child.kill(signal)
    await program.printed('gateway stopping')
    expect(program.hasExited).toBe(false)
    answers[0]!()
    expect(await (await slow).text()).toBe('late')
    expect(await program.exited()).toBe(0)
    await expect(fetch(url)).rejects.toThrow()
    expect(
      program.output
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { message: string }).message),
    ).toEqual(['routes changed', 'gateway started', 'request processed', 'gateway stopping', 'request processed'])
  })

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('after %s while it is loaded %i: process 1 of a container gets only the signals that it listens to', async (signal, code) => {
    const hooks = `export const load = (url, context, next) => url.endsWith('/dist/bin.js') ? new Promise(() => setInterval(() => {}, 1e6)) : next(url, context)`
    const slow = file(
      'slow-to-load.mjs',
      `import { register } from 'node:module'
       register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)})
       const waiting = setInterval(() => process.listenerCount('${signal}') > 0 && (console.log('loading'), clearInterval(waiting)), 10)
       setInterval(() => {}, 1e6)`,
    )
    await using program = new Program(process.execPath, ['--import', slow, SCRIPT])
    await program.printed('loading')
    program.child.kill(signal)
    expect(await program.exited()).toBe(code)
  })

  test('1 after a second signal, without waiting', async () => {
    const { program, url } = await serving(direct)
    await using _ = program
    answers = []
    const slow = fetch(`${url}/slow`).catch(() => 'cut')
    await waitFor('the request at the upstream', () => answers.length === 1)
    program.child.kill('SIGTERM')
    await program.printed('gateway stopping')
    program.child.kill('SIGTERM')
    expect(await program.exited()).toBe(1)
    expect(await slow).toBe('cut')
  })

  test('2 when it is called wrongly', async () => {
    await using program = direct(['--confg', 'x.yaml'])
    expect(await program.exited()).toBe(2)
    expect(program.output).toContain('did you mean --config?')
  })

  test('69 when the address is in use', async () => {
    await using program = direct(['-c', config(portOf(upstream))])
    expect(await program.exited()).toBe(69)
    expect(program.output).toContain(`port ${portOf(upstream)} is in use`)
    expect(program.output).not.toContain('    at ')
  })

  test('78 when the configuration is invalid', async () => {
    await using program = direct(['-c', file('wrong.yaml', 'server: { htp_port: 1 }\n')])
    expect(await program.exited()).toBe(78)
    expect(program.output).toMatch(/wrong\.yaml:1:11: server\.htp_port: there is no such key; did you mean http_port\?/)
  })

  test('npx passes them on', () => {
    const npx = (...args: readonly string[]): number | null =>
      spawnSync('npx', ['--no-install', 'octopus', ...args], { cwd: root, encoding: 'utf8', timeout: 30_000 }).status
    expect([npx('version'), npx('nothing'), npx('validate', '-c', 'nowhere.yaml')]).toEqual([0, 2, 78])
  })
})

/** A process in which something fails when it is told to on its standard input. */
const failing =
  (code: string) =>
  (args: readonly string[]): Program =>
    new Program(process.execPath, ['--import', `data:text/javascript,process.stdin.once("data",()=>{${code}})`, SCRIPT, ...args])

describe('what nobody foresaw', () => {
  test.each([
    ['an exception', 'throw new Error("boom")'],
    ['a rejection', 'Promise.reject(new Error("boom"))'],
  ])('%s is told with its stack and ends the process with 1', async (_what, code) => {
    const { program, url } = await serving(failing(code))
    await using _ = program
    expect((await fetch(`${url}/`)).status).toBe(200)
    program.child.stdin?.write('now\n')
    expect(await program.exited()).toBe(1)
    expect(program.output).toMatch(/octopus: unexpected failure: Error: boom\n {4}at /)
    expect(isAlive(program.child.pid!)).toBe(false)
  })

  test('a value that is no error is told too', async () => {
    const { program } = await serving(failing('Promise.reject("just words")'))
    await using _ = program
    program.child.stdin?.write('now\n')
    expect(await program.exited()).toBe(1)
    expect(program.output).toContain('octopus: unexpected failure: just words\n')
  })

  test('a reader that goes away early is no failure', async () => {
    await using program = direct(['schema'])
    program.child.stdout?.destroy()
    expect(await program.exited()).toBe(0)
    expect(program.output).toBe('')
  })
})
