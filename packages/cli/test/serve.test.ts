import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Cli } from './harness.ts'
import { hang, startRawServer, startService, testCertificates, waitFor, type Service } from '@octopus-gateway/testing'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

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

const config = (extra = ''): string =>
  `server: { http_port: 0, host: 127.0.0.1, admin_port: 0 }\nupstreams: [{ name: users, instances: [{ address: 127.0.0.1, port: ${upstream.port} }] }]\n` +
  `routes: [{ path: /users/*, methods: [GET], upstream: users }]\n${extra}`

/** The lines of the log so far. */
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

describe('serving', () => {
  test('requests flow, admin answers, JSON lines tell, and a signal ends it with 0 in under a second', async () => {
    cli.file('octopus.yaml', config())
    const running = cli.run(['-c', 'octopus.yaml'])
    const { url, admin } = await started()
    expect(await (await fetch(`${url}/users/7`)).json()).toMatchObject({ url: '/users/7' })
    expect((await fetch(`${admin}/_/health`)).status).toBe(200)
    expect(await (await fetch(`${admin}/metrics`)).text()).toContain('octopus_requests_total')
    await cli.seen(/request processed/)
    expect(lines()).toContainEqual(expect.objectContaining({ message: 'routes changed', added: 1, removed: 0, routes: 1 }))
    const asked = performance.now()
    cli.signal()
    expect(await running).toBe(0)
    expect(performance.now() - asked).toBeLessThan(5000)
    expect(cli.listeners).toBe(0)
    await expect(fetch(`${url}/users/7`)).rejects.toThrow()
    await expect(fetch(`${admin}/_/health`)).rejects.toThrow()
  })

  test('the address of HTTPS is told too, to people and to machines', async () => {
    const { cert, key } = testCertificates().server
    cli.file('cert.pem', cert)
    cli.file('key.pem', key)
    cli.file('octopus.yaml', config('tls: { cert: cert.pem, key: key.pem }\n').replace('{ http_port: 0', '{ http_port: 0, https_port: 0'))
    const machine = cli.run(['-c', 'octopus.yaml'])
    expect(await started()).toMatchObject({ tls: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/) as string })
    cli.signal()
    expect(await machine).toBe(0)
    const person = cli.run(['-c', 'octopus.yaml'], { isTerminal: true })
    await cli.seen(/Gateway +http:\/\/127\.0\.0\.1:\d+\n +https:\/\/127\.0\.0\.1:\d+\n/)
    cli.signal()
    expect(await person).toBe(0)
  })

  test('a terminal gets addresses and route changes in words', async () => {
    cli.file('octopus.yaml', config())
    const running = cli.run(['serve', '-c', 'octopus.yaml'], { isTerminal: true })
    await cli.seen(/Ctrl-C/)
    expect(cli.out).toContain('+ GET /users/* -> users\n')
    expect(cli.out).toMatch(/Gateway +http:\/\/127\.0\.0\.1:\d+\n/)
    expect(cli.out).toMatch(/Docs +http:\/\/127\.0\.0\.1:\d+\/_\/docs\n/)
    cli.signal()
    expect(await running).toBe(0)
  })

  test('admin.enabled: false opens no admin listener', async () => {
    cli.file('octopus.yaml', config('admin: { enabled: false }\n'))
    const running = cli.run(['-c', 'octopus.yaml'])
    expect((await started()).admin).toBeNull()
    cli.signal()
    expect(await running).toBe(0)
  })

  test('observability.metrics.enabled: false serves no metrics', async () => {
    cli.file('octopus.yaml', config('observability: { metrics: { enabled: false } }\n'))
    const running = cli.run(['-c', 'octopus.yaml'])
    expect((await fetch(`${(await started()).admin}/metrics`)).status).toBe(404)
    cli.signal()
    expect(await running).toBe(0)
  })

  test('the starter file runs', async () => {
    await cli.run(['init'])
    cli.file('ports.yaml', 'server: { http_port: 0, admin_port: 0 }')
    const running = cli.run(['-c', 'octopus.yaml', '-c', 'ports.yaml'])
    expect((await fetch(`${(await started()).url}/`)).status).toBe(404)
    cli.signal()
    expect(await running).toBe(0)
  })
})

describe('when it cannot start', () => {
  test('a port in use: the next step, no stack, 69, and nothing stays open', async () => {
    const blocker = createServer()
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
    const { port } = blocker.address() as AddressInfo
    try {
      cli.file('octopus.yaml', config().replace('http_port: 0', `http_port: ${port}`))
      expect(await cli.run(['-c', 'octopus.yaml'])).toBe(69)
      expect(cli.err).toContain(`port ${port} is in use, so the traffic listener cannot start`)
      expect(cli.err).toContain('change server.http_port')
      expect(cli.err).toContain(String(port))
      expect(cli.err).not.toContain('    at ')
      cli.file('octopus.yaml', config().replace('admin_port: 0', `admin_port: ${port}`))
      expect(await cli.run(['-c', 'octopus.yaml'])).toBe(69)
      expect(cli.err).toContain('change server.admin_port')
    } finally {
      blocker.close()
    }
    expect(cli.listeners).toBe(0)
  })

  test('an invalid configuration: 78, and no listener was opened', async () => {
    cli.file('octopus.yaml', config('graphql: {}\n'))
    expect(await cli.run(['-c', 'octopus.yaml'])).toBe(78)
    expect(cli.err).toContain('octopus.yaml:4:1: graphql: is not available yet')
    expect(cli.err).toContain('1 problem in the configuration.')
  })
})

test('a second signal ends it at once while a request is still running', async () => {
  await using slow = await startRawServer(hang())
  cli.file('octopus.yaml', config().replace(`port: ${upstream.port}`, `port: ${slow.port}`))
  const running = cli.run(['-c', 'octopus.yaml'])
  const { url } = await started()
  const request = fetch(`${url}/users/7`).catch(() => undefined)
  await waitFor(() => slow.received[0]?.includes('GET /users/7'))
  cli.signal()
  expect(cli.exits).toEqual([])
  cli.signal()
  expect(cli.exits).toEqual([1])
  // The process would be gone by now; here the request has to end for the command to finish.
  await slow.close()
  await request
  expect(await running).toBe(0)
})
