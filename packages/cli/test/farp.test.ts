import { afterEach, beforeEach, expect, test } from 'vitest'
import { Cli } from './harness.ts'
import { hang, openapiOf, startFarpService, startRawServer } from '@octopus-gateway/testing'

let cli: Cli
beforeEach(() => {
  cli = new Cli()
})
afterEach(() => cli[Symbol.dispose]())

const config = (port: number): string =>
  'server: { http_port: 0, host: 127.0.0.1, admin_port: 0 }\n' +
  `discovery: { backend: static, static: { services: [{ name: users, address: 127.0.0.1, port: ${port} }] } }\n` +
  'farp: { watch_interval: 50ms, route_linger: 0s }\n'

test('a terminal sees the routes of a service change', async () => {
  await using users = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /people/{id}']) })
  cli.file('octopus.yaml', config(users.port))
  const running = cli.run(['-c', 'octopus.yaml'], { isTerminal: true })
  await cli.seen(/\+ GET \/users\/people\/\{id\} -> /)
  const [, url] = await cli.seen(/Gateway +(\S+)\n/)
  expect((await fetch(`${url}/users/people/7`)).status).toBe(200)
  users.update({ openapi: openapiOf('Users', ['GET /others']) })
  await cli.seen(/- GET \/users\/people\/\{id\} -> /)
  await cli.seen(/\+ GET \/users\/others -> /)
  cli.signal()
  expect(await running).toBe(0)
})

test('octopus routes lists them, and opens no port', async () => {
  await using users = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /people/{id}']) })
  cli.file('octopus.yaml', config(users.port))
  expect(await cli.run(['routes', '-c', 'octopus.yaml'])).toBe(0)
  expect(cli.out).toMatch(/^\* +GET +\/users\/people\/\{id\} +\S+ +- +head +farp \(users\)$/m)
})

test('octopus routes waits no longer than it is told', async () => {
  await using silent = await startRawServer(hang())
  cli.file('octopus.yaml', config(silent.port))
  const asked = performance.now()
  expect(await cli.run(['routes', '-c', 'octopus.yaml', '--timeout', '200ms'])).toBe(1)
  expect(performance.now() - asked).toBeLessThan(5000)
  expect(cli.out).toBe('There are no routes.\n')
  expect(cli.err).toContain('discovery did not report within 200ms')
})
