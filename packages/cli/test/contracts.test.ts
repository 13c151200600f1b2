import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Cli } from './harness.ts'
import { closedPort, openapiOf, startFarpService, startRawServer, waitFor } from '@octopus-gateway/testing'

let cli: Cli
beforeEach(() => {
  cli = new Cli()
})
afterEach(() => cli[Symbol.dispose]())

const V1 = openapiOf('Users', ['GET /people', 'DELETE /people/{id}'])
const BROKEN = openapiOf('Users', ['GET /people', 'GET /teams'])

describe('octopus farp diff', () => {
  test('what breaks ends with 1, and is told with its place', async () => {
    cli.file('old.json', JSON.stringify(V1))
    cli.file('new.yaml', JSON.stringify(BROKEN))
    expect(await cli.run(['farp', 'diff', 'old.json', 'new.yaml'])).toBe(1)
    expect(cli.out).toMatch(/^EFFECT +SEVERITY +WAY +OPERATION +CHANGE +PLACE\n/)
    expect(cli.out).toMatch(/breaking +critical +- +DELETE \/people\/\{id\} +the path \/people\/\{id\} is gone +\/paths\/~1people~1\{id\}/)
    expect(cli.out).not.toContain('/teams is new')
    expect(cli.out).toMatch(/BREAKING: 1 breaking, 0 unknown, 1 safe\n$/)
    expect(await cli.run(['farp', 'diff', 'old.json', 'new.yaml', '--fail-on', 'nothing'])).toBe(0)
  })

  test('what does not break ends with 0; JSON has everything', async () => {
    cli.file('old.json', JSON.stringify(BROKEN))
    cli.file('new.json', JSON.stringify(openapiOf('Users', ['GET /people', 'GET /teams', 'POST /people'])))
    expect(await cli.run(['farp', 'diff', 'old.json', 'new.json'])).toBe(0)
    expect(cli.out).toBe('OK: 0 breaking, 0 unknown, 1 safe\n')
    cli.out = ''
    expect(await cli.run(['farp', 'diff', 'old.json', 'new.json', '--format', 'json'])).toBe(0)
    expect(JSON.parse(cli.out)).toMatchObject({
      compatible: true,
      kind: 'openapi',
      effect: 'safe',
      changes: [{ type: 'method_added', operations: ['POST /people'] }],
    })
  })

  test('unknown ends with 1 only where that is asked for', async () => {
    const answers = (...statuses: string[]) =>
      JSON.stringify({
        openapi: '3.1.0',
        paths: { '/a': { get: { responses: Object.fromEntries(statuses.map((status) => [status, {}])) } } },
      })
    cli.file('old.json', answers('200'))
    cli.file('new.json', answers('200', '202'))
    expect(await cli.run(['farp', 'diff', 'old.json', 'new.json'])).toBe(0)
    expect(await cli.run(['farp', 'diff', 'old.json', 'new.json', '--fail-on', 'unknown'])).toBe(1)
    expect(cli.out).toMatch(/UNKNOWN: 0 breaking, 1 unknown, 0 safe\n/)
  })

  test.each([
    ['GraphQL', 'type Query { a: Int b: Int }', 'type Query { a: Int }', /Query\.b was removed/],
    [
      'GraphQL in JSON',
      JSON.stringify({ format: 'SDL', sdl: 'type Query { a: Int! }' }),
      'schema {\n  query: Query\n}\ntype Query { a: Int }',
      /Query\.a changed type/,
    ],
    ['AsyncAPI', 'asyncapi: 3.0.0\nchannels: { a: { address: /a } }', 'asyncapi: 3.0.0\nchannels: {}', /the channel \/a is gone/],
    [
      'protobuf in JSON',
      '{"file":[{"name":"a.proto","package":"p","service":[{"name":"S","method":[{"name":"M","inputType":".p.A","outputType":".p.A"}]}]}]}',
      '{"file":[{"name":"a.proto","package":"p"}]}',
      /the service is gone/,
    ],
  ])('%s is known by what is in it', async (_language, old, next, told) => {
    cli.file('old', old)
    cli.file('new', next)
    expect(await cli.run(['farp', 'diff', 'old', 'new']), cli.err).toBe(1)
    expect(cli.out).toMatch(told)
  })

  test('URLs are read as a gateway reads them', async () => {
    await using users = await startFarpService({ name: 'users', openapi: BROKEN })
    cli.file('old.json', JSON.stringify(V1))
    expect(await cli.run(['farp', 'diff', 'old.json', users.openapiUrl])).toBe(1)
    expect(cli.out).toContain('BREAKING: 1 breaking')
  })

  test('what cannot be compared ends with 2, and is no verdict', async () => {
    cli.file('api.json', JSON.stringify(V1))
    cli.file('events.yaml', 'asyncapi: 3.0.0')
    cli.file('broken.json', '{"openapi":')
    cli.file('other.json', '{}')
    cli.file('manifest.json', '{"service_name":"users"}')
    const closed = `http://127.0.0.1:${await closedPort()}/openapi.json`
    for (const [argv, told] of [
      [['api.json'], 'NEW is missing'],
      [['api.json', 'nothing.json'], 'nothing.json cannot be read'],
      [['broken.json', 'api.json'], 'broken.json cannot be read'],
      [['api.json', closed], 'cannot be read'],
      [['api.json', 'other.json'], 'what language it is cannot be told'],
      [['api.json', 'manifest.json'], 'it is a FARP manifest'],
      [['api.json', 'events.yaml'], 'they cannot be compared'],
      [['api.json', 'api.json', 'more'], '"more" is one argument too many'],
      [['api.json', 'api.json', '--fail-on', 'x'], '--fail-on must be'],
      [['api.json', 'api.json', '--type', 'soap'], '--type does not know "soap"'],
    ] as const) {
      cli.err = ''
      expect(await cli.run(['farp', 'diff', ...argv]), argv.join(' ')).toBe(2)
      expect(cli.err).toContain(told)
    }
    expect(cli.out).toBe('')
  })
})

// The password is "s3cret".
const AUTH = "auth: { type: basic, username: ops, password_hash: '$2b$04$Gc8cZDnz0G3AmrqfQSaZQ.SqzdEScGRopNxdRpS1KzsdRJuYZqDxC' }"

test('a breaking deploy: held at the door, seen and approved from the command line', async () => {
  await using users = await startFarpService({ name: 'users', openapi: V1 })
  cli.file(
    'octopus.yaml',
    'server: { http_port: 0, host: 127.0.0.1, admin_port: 0 }\n' +
      `discovery: { backend: static, static: { services: [{ name: users, address: 127.0.0.1, port: ${users.port} }] } }\n` +
      'farp: { watch_interval: 50ms, update_policy: gated }\n',
  )
  const running = cli.run(['-c', 'octopus.yaml'], { isTerminal: true })
  const [, url] = await cli.seen(/Gateway +(\S+)\n/)
  const [, admin] = await cli.seen(/Routes +(http:\/\/[^/\s]+)/)
  const status = async (path: string, method = 'GET') => (await fetch(`${url}${path}`, { method })).status
  await waitFor(async () => (await status('/users/people')) === 200)
  using asking = new Cli()
  const ask = async (...argv: string[]): Promise<number> => {
    asking.out = ''
    return asking.run(['farp', ...argv, '--admin-url', admin!])
  }
  expect(await ask('contracts')).toBe(0)
  expect(asking.out).toMatch(/^users +1\.0\.0 +[0-9a-f]{12} +approved/m)
  users.update({ version: '2.0.0', openapi: BROKEN })
  await waitFor(async () => (await ask('contracts', 'users')) === 1 && /2\.0\.0 +[0-9a-f]{12} +held +1 breaking/.test(asking.out))
  expect(asking.out).toMatch(/^users +2\.0\.0 +[0-9a-f]{12} +held +1 breaking, 0 unknown, 1 safe +it breaks the approved contract$/m)
  expect(asking.out).toMatch(/^breaking +critical +- +DELETE \/people\/\{id\}/m)
  expect(await status('/users/teams')).toBe(404)
  const [, generation] = /2\.0\.0 +([0-9a-f]{12})/.exec(asking.out)!
  expect(await ask('reject', 'users', generation!)).toBe(0)
  expect(asking.out).toBe(`users 2.0.0 (generation ${generation}) is rejected.\n`)
  expect(await ask('approve', 'users', generation!)).toBe(0)
  await waitFor(async () => (await status('/users/teams')) === 200)
  expect(await ask('contracts', '--format', 'json')).toBe(0)
  expect(JSON.parse(asking.out)).toMatchObject({ policy: 'gated', services: [{ approved: { version: '2.0.0', by: 'operator' } }] })
  expect(await ask('approve', 'users', 'f00')).toBe(1)
  expect(asking.err).toContain('no instance of "users" offers the generation "f00" now')
  cli.signal()
  expect(await running).toBe(0)
})

test('who asks has to be somebody, and the listener has to be there', async () => {
  cli.file(
    'octopus.yaml',
    `server: { http_port: 0, host: 127.0.0.1, admin_port: 0 }\ndiscovery: { backend: static, static: { services: [] } }\nadmin: { ${AUTH} }\n`,
  )
  const running = cli.run(['-c', 'octopus.yaml'], { isTerminal: true })
  const [, admin] = await cli.seen(/Routes +(http:\/\/[^/\s]+)/)
  using asking = new Cli()
  const ask = (argv: string[], env: Record<string, string> = {}) => asking.run(['farp', 'contracts', ...argv], { env })
  expect(await ask(['--admin-url', admin!])).toBe(1)
  expect(asking.err).toContain('wants a user and a password')
  expect(await ask(['--admin-url', admin!, '--user', 'ops'])).toBe(2)
  expect(await ask(['--admin-url', admin!, '--user', 'ops'], { OCTOPUS_ADMIN_PASSWORD: 's3cret' })).toBe(0)
  expect(asking.out).toBe('No instance of a service is there.\n')
  expect(await ask(['--admin-url', `http://127.0.0.1:${await closedPort()}`])).toBe(1)
  expect(await ask(['--admin-url', 'ftp://a'])).toBe(2)
  // The listener of a configuration; port 0 is no address.
  asking.file('octopus.yaml', 'server: { admin_port: 0 }\n')
  expect(await ask(['-c', 'octopus.yaml'])).toBe(2)
  expect(asking.err).toContain('--admin-url says which')
  cli.signal()
  expect(await running).toBe(0)
})

test.each([
  ['changes the protocol', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n', 'closed without an answer'],
  ['stops in the middle', 'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{', 'aborted; where it speaks HTTPS'],
])('a listener that %s has not answered', async (_title, bytes, told) => {
  await using other = await startRawServer((socket) => socket.once('data', () => socket.end(bytes)))
  expect(await cli.run(['farp', 'contracts', '--admin-url', other.origin])).toBe(1)
  expect(cli.err).toContain(`the admin listener at ${other.origin} does not answer: `)
  expect(cli.err).toContain(told)
})
