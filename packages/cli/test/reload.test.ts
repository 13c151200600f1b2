import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Cli } from './harness.ts'
import { startService, type Service } from '@octopus-gateway/testing'

let cli: Cli
let upstream: Service
beforeEach(async () => {
  cli = new Cli()
  upstream = await startService()
})
afterEach(async () => {
  cli[Symbol.dispose]()
  await upstream[Symbol.asyncDispose]()
})

const config = (path: string, extra = ''): string =>
  `server: { http_port: 0, host: 127.0.0.1, admin_port: 0 }\nupstreams: [{ name: users, instances: [{ address: 127.0.0.1, port: ${upstream.port} }] }]\n` +
  `routes: [{ path: ${path}, upstream: users }]\n${extra}`

function lines(): Readonly<Record<string, unknown>>[] {
  return cli.out
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

async function started(): Promise<{ readonly url: string; readonly admin: string }> {
  await cli.seen(/gateway started.*\n/)
  return lines().find((line) => line.message === 'gateway started') as never
}

describe('SIGHUP', () => {
  test('puts the files as they are in the place of what runs', async () => {
    cli.file('octopus.yaml', config('/old/*'))
    const running = cli.run(['-c', 'octopus.yaml'])
    const { url } = await started()
    cli.file('octopus.yaml', config('/new/*'))
    cli.hangUp()
    await cli.seen(/configuration reloaded.*\n/)
    expect((await fetch(`${url}/new/7`)).status).toBe(200)
    expect((await fetch(`${url}/old/7`)).status).toBe(404)
    expect(lines()).toContainEqual(expect.objectContaining({ message: 'configuration reloaded', trigger: 'SIGHUP', added: 1, removed: 1 }))
    cli.signal()
    expect(await running).toBe(0)
    expect(cli.listeners).toBe(0)
  })

  test('[R33] what is wrong changes nothing, and every issue is told with its place', async () => {
    cli.file('octopus.yaml', config('/old/*'))
    const running = cli.run(['-c', 'octopus.yaml'])
    const { url } = await started()
    cli.file('octopus.yaml', config('/new/*', 'surver: {}\nadmim: {}\n'))
    cli.hangUp()
    await cli.seen(/configuration refused.*\n/)
    expect((await fetch(`${url}/old/7`)).status).toBe(200)
    expect(lines().filter((line) => line.message === 'configuration issue')).toMatchObject([
      { level: 'error', source: expect.stringMatching(/octopus\.yaml:4:1$/) as string, path: 'surver' },
      { level: 'error', source: expect.stringMatching(/octopus\.yaml:5:1$/) as string, path: 'admim' },
    ])
    cli.file('octopus.yaml', config('"/{a}/{a}"'))
    cli.hangUp()
    await cli.seen(/octopus\.yaml:3:\d+.*routes\[0\]/)
    expect((await fetch(`${url}/old/7`)).status).toBe(200)
    cli.file('octopus.yaml', config('/new/*'))
    cli.hangUp()
    await cli.seen(/configuration reloaded.*\n/)
    expect((await fetch(`${url}/new/7`)).status).toBe(200)
    cli.signal()
    expect(await running).toBe(0)
  })

  test('settings that need a restart are named, and the rest is applied', async () => {
    cli.file('octopus.yaml', config('/old/*'))
    const running = cli.run(['-c', 'octopus.yaml'])
    const { url } = await started()
    cli.file('octopus.yaml', config('/new/*').replace('http_port: 0, host: 127.0.0.1', 'http_port: 8080, host: 0.0.0.0'))
    cli.hangUp()
    await cli.seen(/need a restart.*\n/)
    expect(lines()).toContainEqual(expect.objectContaining({ level: 'warn', keys: ['server.host', 'server.http_port'] }))
    expect((await fetch(`${url}/new/7`)).status).toBe(200)
    cli.signal()
    expect(await running).toBe(0)
  })
})
