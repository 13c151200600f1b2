import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Cli } from './harness.ts'
import { generateKeyPairSync } from 'node:crypto'
import { startService, testCertificates, waitFor, type Service } from '@octopus-gateway/testing'

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

describe('a change of the files', () => {
  test('is noticed without a signal, unless --no-watch is given', async () => {
    cli.file('octopus.yaml', config('/old/*'))
    const running = cli.run(['-c', 'octopus.yaml'])
    const { url } = await started()
    cli.file('octopus.yaml', config('/new/*'))
    await cli.seen(/configuration reloaded.*file change.*\n|file change.*configuration reloaded.*\n/)
    expect((await fetch(`${url}/new/7`)).status).toBe(200)
    cli.file('octopus.yaml', config('/newer/*', 'surver: {}\n'))
    await cli.seen(/configuration refused.*\n/)
    cli.file('octopus.yaml', config('/newer/*'))
    await waitFor(async () => (await fetch(`${url}/newer/7`)).status === 200)
    cli.signal()
    expect(await running).toBe(0)
    expect(lines().filter((line) => line.message === 'configuration refused; the last good one keeps serving')).toHaveLength(1)
  })

  test('--no-watch leaves it to the signal', async () => {
    cli.file('octopus.yaml', config('/old/*'))
    const running = cli.run(['-c', 'octopus.yaml', '--no-watch'])
    const { url } = await started()
    cli.file('octopus.yaml', config('/new/*'))
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect((await fetch(`${url}/old/7`)).status).toBe(200)
    cli.hangUp()
    await cli.seen(/configuration reloaded.*\n/)
    expect((await fetch(`${url}/new/7`)).status).toBe(200)
    cli.signal()
    expect(await running).toBe(0)
  })

  test('counts also in what only stands named in the configuration, and in files of a folder', async () => {
    const { ca } = testCertificates()
    cli.file('ca.pem', ca)
    cli.file('conf/a.yaml', config('/old/*').replace('{ name: users,', '{ name: users, scheme: https, tls: { ca: ../ca.pem },'))
    const running = cli.run(['-c', 'conf'])
    const { url } = await started()
    cli.file('ca.pem', `${ca}\n\n`)
    await cli.seen(/configuration reloaded.*\n/)
    cli.file('conf/b.yaml', 'routes: [{ path: /more/*, upstream: users }]\n')
    await waitFor(async () => (await fetch(`${url}/more/7`)).status !== 404)
    cli.signal()
    expect(await running).toBe(0)
  })
})

test('another public key in the same file is another plugin', async () => {
  const key = (): string => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }) as string
  const auth = 'middleware: [auth]\nplugins: [{ name: jwt-auth, config: { public_key: key.pem } }]\n'
  cli.file('key.pem', key())
  cli.file('octopus.yaml', config('/users/*', auth))
  const running = cli.run(['-c', 'octopus.yaml'])
  await started()
  cli.file('key.pem', key())
  await cli.seen(/configuration reloaded.*"changed":1.*\n/)
  cli.signal()
  expect(await running).toBe(0)
})

describe('POST /_/reload', () => {
  const post = (admin: string, query = ''): Promise<Response> =>
    fetch(`${admin}/_/reload${query}`, { method: 'POST', headers: { 'content-type': 'application/json' } })

  test('tells in a dry run what it would change, and changes it without', async () => {
    cli.file('octopus.yaml', config('/old/*'))
    const running = cli.run(['-c', 'octopus.yaml', '--no-watch'])
    const { url, admin } = await started()
    cli.file('octopus.yaml', config('/new/*').replace('http_port: 0', 'http_port: 8080'))
    const dry = await post(admin, '?dry_run=true')
    expect(await dry.json()).toMatchObject({
      outcome: 'dry_run',
      routes: { added: [{ path: '/new/*' }], removed: [{ path: '/old/*' }], changed: [] },
      restart: ['server.http_port'],
    })
    expect((await fetch(`${url}/old/7`)).status).toBe(200)
    expect(await (await post(admin)).json()).toMatchObject({ outcome: 'applied', routes: { added: [{ path: '/new/*' }] } })
    expect((await fetch(`${url}/new/7`)).status).toBe(200)
    cli.file('octopus.yaml', 'routes: [')
    for (const query of ['', '?dry_run=true']) {
      const refused = await post(admin, query)
      expect([refused.status, await refused.json()]).toMatchObject([
        422,
        { issues: [{ code: 'syntax', source: expect.stringMatching(/octopus\.yaml:1:\d+$/) as string }] },
      ])
    }
    const metrics = await (await fetch(`${admin}/metrics`)).text()
    expect(metrics).toContain('octopus_config_reloads_total{result="applied"} 1\noctopus_config_reloads_total{result="refused"} 1\n')
    expect(metrics).toMatch(/octopus_config_last_applied_timestamp_seconds \d{10}\./)
    cli.signal()
    expect(await running).toBe(0)
  })

  test('the admin API follows: its credential, where its metrics are', async () => {
    cli.file('octopus.yaml', config('/old/*'))
    const running = cli.run(['-c', 'octopus.yaml', '--no-watch'])
    const { admin } = await started()
    const before = (await (await fetch(`${admin}/_/health`)).json()) as { readonly uptime_seconds: number }
    cli.file(
      'octopus.yaml',
      config(
        '/old/*',
        `admin: { auth: { type: basic, username: ops, password_hash: "$2b$04$lq8mJB4rVvgyr4xiJNdtWOQPN.USRYW8oV9Luwn8m8M0frPaDw3L." } }\nobservability: { metrics: { path: /numbers } }\n`,
      ),
    )
    expect((await post(admin)).status).toBe(200)
    expect((await post(admin)).status).toBe(401)
    const authorization = `Basic ${Buffer.from('ops:secret').toString('base64')}`
    expect((await fetch(`${admin}/numbers`, { headers: { authorization } })).status).toBe(200)
    expect((await fetch(`${admin}/metrics`, { headers: { authorization } })).status).toBe(404)
    const after = (await (await fetch(`${admin}/_/health`)).json()) as { readonly uptime_seconds: number }
    expect(after.uptime_seconds).toBeGreaterThanOrEqual(before.uptime_seconds)
    cli.signal()
    expect(await running).toBe(0)
  })

  test('the log follows its level, requests included', async () => {
    cli.file('octopus.yaml', config('/old/*'))
    const running = cli.run(['-c', 'octopus.yaml', '--no-watch'])
    const { url, admin } = await started()
    cli.file('octopus.yaml', config('/old/*', 'observability: { logging: { level: warn } }\n'))
    await post(admin)
    await fetch(`${url}/old/silent`)
    cli.file('octopus.yaml', config('/old/*'))
    await post(admin)
    await fetch(`${url}/old/told`)
    await cli.seen(/\/old\/told/)
    expect(cli.out).not.toContain('/old/silent')
    cli.signal()
    expect(await running).toBe(0)
  })
})
