import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { requireComponent } from '../support/components.ts'
import { Program, childrenOf, freePort, isAlive, root, waitFor } from '../support/process.ts'
import { commandsOf, snippetsOf } from '../support/snippets.ts'

const script = join(root, 'examples/demo/dist/index.js')
const VARIABLES = ['OCTOPUS_PORT', 'OCTOPUS_ADMIN_PORT', 'USERS_PORT', 'ORDERS_PORT', 'CATALOG_PORT', 'REVIEWS_PORT']
const curl = requireComponent('curl')

async function ports(): Promise<Record<string, string>> {
  const found = new Set<number>()
  while (found.size < VARIABLES.length) found.add(await freePort())
  return Object.fromEntries([...found].map((port, index) => [VARIABLES[index]!, String(port)]))
}

/** Runs a command as a user pastes it; gives the status it answered with. */
function pasted(command: string): { status: string; body: string } {
  const { stdout, stderr } = spawnSync('sh', ['-c', `${command} -s -w '\\n%{http_code}'`], { encoding: 'utf8', timeout: 10_000 })
  const lines = stdout.split('\n')
  return { status: lines.pop() ?? stderr, body: lines.join('\n') }
}

const curlLines = (text: string) => [...text.matchAll(/^ {2}(curl .*)$/gm)].map((match) => match[1]!)

beforeAll(() => assertBuilt('examples/demo'))

describe.skipIf(curl === undefined)('the demo', () => {
  let demo: Program
  let env: Record<string, string>
  beforeAll(async () => {
    env = await ports()
    demo = Program.node(script, [], env)
    await demo.printed('stops everything')
  })
  afterAll(() => demo[Symbol.asyncDispose]())

  test('prints three commands that answer 200 with the data of three services', () => {
    const answers = curlLines(demo.output).map(pasted)
    expect(answers.map(({ status }) => status)).toEqual(['200', '200', '200'])
    expect(JSON.parse(answers[0]!.body)).toMatchObject({ name: 'Ada Lovelace' })
    expect(JSON.parse(answers[1]!.body)).toHaveLength(2)
    expect(JSON.parse(answers[2]!.body)).toEqual({ total: 25 })
  })

  test.skipIf(!existsSync(join(root, 'README.md')))('runs the commands of the README', () => {
    const commands = snippetsOf('README.md')
      .filter(({ language, note }) => /^(bash|sh|console)$/.test(language) && note === undefined)
      .flatMap(({ text }) => commandsOf(text))
      .filter((command) => command.startsWith('curl '))
      .map((command) => command.replace(/:8080\b/g, `:${env['OCTOPUS_PORT']}`).replace(/:9090\b/g, `:${env['OCTOPUS_ADMIN_PORT']}`))
    expect(commands.length).toBeGreaterThan(2)
    for (const command of commands) expect(pasted(command).status, command).toMatch(/^2/)
  })

  test('has a documentation page that loads nothing from elsewhere', () => {
    const { status, body } = pasted(`curl -L http://127.0.0.1:${env['OCTOPUS_ADMIN_PORT']}/_/docs`)
    expect(status).toBe('200')
    expect(body).not.toMatch(/(src|href)="(https?:)?\/\//)
  })
})

test('a port in use is told with the next step and no stack', async () => {
  const env = await ports()
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const taken = (other.address() as AddressInfo).port
  try {
    await using demo = Program.node(script, [], { ...env, OCTOPUS_PORT: String(taken) })
    expect(await demo.exited()).toBe(1)
    expect(demo.output).toContain(`Port ${taken}, for the gateway, is used by another program.`)
    expect(demo.output).toMatch(/ {2}OCTOPUS_PORT=\d+ npm start/)
    expect(demo.output).not.toContain('    at ')
  } finally {
    other.close()
  }
})

test.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)('%s stops all of it within a second and leaves nothing behind', async (signal) => {
  await using demo = Program.node(script, [], await ports())
  await demo.printed('stops everything')
  const pid = demo.child.pid!
  const children = childrenOf(pid)
  expect(children).toHaveLength(4)
  const start = performance.now()
  demo.child.kill(signal)
  await waitFor('the end of all processes', () => [pid, ...children].every((one) => !isAlive(one)), 5_000)
  expect(performance.now() - start).toBeLessThan(1_500)
  if (signal !== 'SIGKILL') expect(await demo.exited()).toBe(0)
})

const terminal = process.platform === 'linux' ? requireComponent('script') : undefined

test.skipIf(terminal === undefined)('in a terminal, one key makes a fourth service appear and another makes it leave', async () => {
  const env = await ports()
  const ratings = `http://127.0.0.1:${env['OCTOPUS_PORT']}/reviews/ratings`
  const status = async () => (await fetch(ratings)).status
  await using demo = new Program(terminal!, ['-qefc', `'${process.execPath}' '${script}'`, '/dev/null'], env)
  await demo.printed('q quits.')
  expect(await status()).toBe(404)
  demo.child.stdin?.write('a')
  await waitFor('the routes of reviews', async () => (await status()) === 200, 10_000)
  await demo.printed('+ GET /reviews/ratings')
  demo.child.stdin?.write('l')
  await waitFor('the end of the routes of reviews', async () => (await status()) === 404, 15_000)
  await demo.printed('- GET /reviews/ratings')
  const start = performance.now()
  demo.child.stdin?.write('q')
  expect(await demo.exited()).toBe(0)
  expect(performance.now() - start).toBeLessThan(1_500)
})
