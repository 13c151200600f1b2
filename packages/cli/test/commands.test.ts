import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Cli } from './harness.ts'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startEureka, testCertificates } from '@octopus-gateway/testing'

const SMALL =
  'upstreams:\n  - name: users\n    instances: [{ address: 127.0.0.1, port: 8081 }]\nroutes:\n  - { path: "/users/{id}", methods: [GET], upstream: users }\n'

let cli: Cli
beforeEach(() => {
  cli = new Cli()
})
afterEach(() => cli[Symbol.dispose]())

describe('usage', () => {
  test('without --config it says so, names a file that is there, and ends with 2', async () => {
    expect(await cli.run([])).toBe(2)
    expect(cli.err).toContain('--config FILE is missing; "octopus init" writes a file')
    expect(cli.err).toContain('Usage: octopus --config FILE')
    cli.file('config.yaml', SMALL)
    expect(await cli.run([])).toBe(2)
    expect(cli.err).toContain('config.yaml is here: octopus --config config.yaml')
    expect(await cli.run(['validate'])).toBe(2)
    expect(cli.err).toContain('octopus validate --config config.yaml')
  })

  test.each([
    [['valdate'], 'there is no command "valdate"; did you mean validate?'],
    [['octopus.yaml'], 'did you mean --config octopus.yaml?'],
    [['--confg', 'a.yaml'], 'there is no option --confg; did you mean --config?'],
    [['routes', '-x'], 'there is no option -x'],
    [['validate', '--json'], 'there is no option --json'],
    [['-c'], '-c needs a value: -c FILE'],
    [['-c', '--help'], '-c needs a value'],
    [['schema', 'x'], '"x" is one argument too many'],
    [['routes', '-c', 'x', '--timeout', 'soon'], '--timeout must be a duration'],
    [['version', '--help=1'], '--help takes no value'],
  ])('%j ends with 2', async (argv, message) => {
    expect(await cli.run(argv)).toBe(2)
    expect(cli.err).toContain(message)
    expect(cli.err).not.toContain('    at ')
  })

  test('help of the whole and of each command, on stdout', async () => {
    expect(await cli.run(['--help'])).toBe(0)
    for (const name of ['serve', 'validate', 'routes', 'discover', 'schema', 'init', 'version']) {
      expect(cli.out).toContain(`  ${name}`)
      const one = new Cli()
      expect(await one.run([name, '-h'])).toBe(0)
      expect(one.out).toContain(`Usage: octopus ${name}`)
      one[Symbol.dispose]()
    }
    expect(cli.err).toBe('')
  })

  test('version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
    for (const argv of [['version'], ['--version'], ['-v']]) expect(await cli.run(argv)).toBe(0)
    expect(cli.out).toBe(`octopus ${version}\n`.repeat(3))
  })
})

describe('validate', () => {
  test('says what is there, contacts nobody, ends with 0', async () => {
    cli.file('a.yaml', SMALL)
    cli.file('b.yaml', 'discovery: { backend: static, static: { services: [{ name: s, address: 127.0.0.1, port: 9 }] } }')
    expect(await cli.run(['validate', '-c', 'a.yaml', '-c', 'b.yaml'])).toBe(0)
    expect(cli.out).toBe('OK: 2 files, 1 route, 1 upstream, discovery static, FARP on\n')
  })

  test('warns of a route that a probe hides, and ends with 0 all the same', async () => {
    cli.file('hidden.yaml', `${SMALL}  - { path: /ready, upstream: users }\nserver: { probes: { readiness: /ready } }\n`)
    expect(await cli.run(['validate', '-c', 'hidden.yaml'])).toBe(0)
    expect(cli.err).toBe('warning: a probe hides the route /ready: move the probe (server.probes) or the route\n')
    cli.file('off.yaml', 'server: { probes: { enabled: false } }\n')
    cli.err = ''
    expect(await cli.run(['validate', '-c', 'hidden.yaml', '-c', 'off.yaml'])).toBe(0)
    expect(cli.err).toBe('')
  })

  test('prints every issue as file:line:column: key: message, then their number, and ends with 78', async () => {
    cli.file('octopus.yaml', 'routing:\n  circut_breaker: {}\n  retries: x\n')
    expect(await cli.run(['validate', '-c', 'octopus.yaml'])).toBe(78)
    const lines = cli.err.trim().split('\n')
    expect(lines[0]).toMatch(/octopus\.yaml:2:3: routing\.circut_breaker: there is no such key; did you mean circuit_breaker\?$/)
    expect(lines[1]).toMatch(/octopus\.yaml:3:3: routing\.retries: must be a whole number/)
    expect(lines[2]).toBe('2 problems in the configuration.')
  })

  test('what only the gateway can see is told with its place too', async () => {
    cli.file('octopus.yaml', SMALL.replace('127.0.0.1', 'xn--zz'))
    expect(await cli.run(['validate', '-c', 'octopus.yaml'])).toBe(78)
    expect(cli.err).toMatch(/octopus\.yaml:2:5: upstreams\[0\]: "http:\/\/xn--zz:8081" is not an origin/)
  })

  test('and so is what a plugin finds when it is set up', async () => {
    cli.file('octopus.yaml', `plugins:\n  - name: jwt-auth\n    config:\n      public_key: gone.pem\n${SMALL}`)
    expect(await cli.run(['validate', '-c', 'octopus.yaml'])).toBe(78)
    expect(cli.err).toMatch(
      /octopus\.yaml:4:7: plugins\[0\]\.config\.public_key: .*file ".*octopus-cli-.*\/gone\.pem" cannot be read: ENOENT/,
    )
  })

  test('a plugin of the project is found from where the configuration is', async () => {
    const folder = join(cli.cwd, 'node_modules', 'octopus-plugin-here')
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      join(folder, 'package.json'),
      '{ "name": "octopus-plugin-here", "version": "1.0.0", "type": "module", "exports": "./index.js" }',
    )
    const identity = "{ name: 'here', version: '1.0.0', config: null }"
    writeFileSync(join(folder, 'index.js'), `export default { name: 'here', version: '1.0.0', identity: ${identity}, setup: () => ({}) }`)
    cli.file('octopus.yaml', `plugins: [{ name: octopus-plugin-here }]\n${SMALL}`)
    expect(await cli.run(['validate', '-c', 'octopus.yaml'])).toBe(0)
  })

  test('a file that is not there is a configuration error', async () => {
    expect(await cli.run(['validate', '-c', 'nowhere.yaml'])).toBe(78)
    expect(cli.err).toContain('there is no such file or directory')
  })
})

describe('discover', () => {
  const YAML =
    'discovery: { backends: [static, file], file: { path: services.json }, static: { services: [{ name: users, address: 127.0.0.1, port: 8081 }] } }\n'

  test('prints what each backend sees', async () => {
    cli.file('octopus.yaml', YAML)
    cli.file(
      'services.json',
      '[{ "name": "orders", "address": "::1", "port": 443, "secure": true, "version": "v2", "metadata": { "a": "b" } }]',
    )
    expect(await cli.run(['discover', '-c', 'octopus.yaml'])).toBe(0)
    expect(cli.out).toMatch(/^static: 1 instance of 1 service$/m)
    expect(cli.out).toMatch(/^users +users@127\.0\.0\.1:8081 +http:\/\/127\.0\.0\.1:8081 +yes +1 +- +- +-$/m)
    expect(cli.out).toMatch(/^orders +orders@::1:443 +https:\/\/\[::1\]:443 +yes +1 +- +v2 +a$/m)
    cli.out = ''
    expect(await cli.run(['discover', '-c', 'octopus.yaml', '--json'])).toBe(0)
    expect(JSON.parse(cli.out)).toMatchObject([
      { backend: 'static', instances: [{ service: 'users' }], error: null },
      { backend: 'file', instances: [{ service: 'orders' }], error: null },
    ])
  })

  test('says why a backend does not answer, and ends with 1', async () => {
    cli.file('octopus.yaml', YAML)
    expect(await cli.run(['discover', '-c', 'octopus.yaml', '--timeout', '300ms'])).toBe(1)
    expect(cli.out).toMatch(/^file: .*services\.json cannot be read \(ENOENT\): there is no such file; check path/m)
    expect(cli.out).toMatch(/^static: 1 instance/m)
  })

  test.each(['discover', 'routes'])('a gateway that is registered stays so, and %s registers none', async (command) => {
    await using eureka = await startEureka()
    const register = { app: 'edge', host: '10.1.1.1', port: 8080 }
    eureka.registry.register({ app: 'edge', instanceId: '10.1.1.1:edge:8080', hostName: '10.1.1.1', port: 8080 })
    cli.file('octopus.yaml', `discovery: ${JSON.stringify({ backend: 'eureka', eureka: { servers: [eureka.url], register } })}\n`)
    expect(await cli.run([command, '-c', 'octopus.yaml'])).toBe(0)
    expect(new Set(eureka.requests.map((line) => line.split(' ')[0]))).toEqual(new Set(['GET']))
    expect(eureka.registry.get('edge', '10.1.1.1:edge:8080')).toBeDefined()
  })

  test('what a credential opens is printed, never the credential: not in the table, the JSON, the reason, or the log', async () => {
    await using eureka = await startEureka({ username: 'ann', password: 'pw' })
    const write = (password: string): void => {
      const options = { servers: [eureka.url], username: 'ann', password }
      cli.file('octopus.yaml', `discovery: ${JSON.stringify({ backend: 'eureka', eureka: options })}\n`)
    }
    write('hunter2')
    for (const args of [[], ['--json']]) expect(await cli.run(['discover', '-c', 'octopus.yaml', '--timeout', '200ms', ...args])).toBe(1)
    expect(cli.out).toMatch(/^eureka: Eureka at http:\/\/127\.0\.0\.1:\d+\/eureka answered 401 .*check username and password/m)
    write('pw')
    expect(await cli.run(['discover', '-c', 'octopus.yaml'])).toBe(0)
    expect(cli.out).toMatch(/^eureka: no instances$/m)
    for (const secret of ['hunter2', Buffer.from('ann:hunter2').toString('base64'), Buffer.from('ann:pw').toString('base64')])
      expect(cli.out + cli.err).not.toContain(secret)
  })

  test('without discovery there is nothing to see', async () => {
    cli.file('octopus.yaml', SMALL)
    expect(await cli.run(['discover', '-c', 'octopus.yaml'])).toBe(0)
    expect(cli.out).toContain('The configuration has no discovery.')
  })
})

describe('routes', () => {
  test('prints a table', async () => {
    cli.file('octopus.yaml', SMALL)
    expect(await cli.run(['routes', '-c', 'octopus.yaml'])).toBe(0)
    const [head, row] = cli.out.split('\n')
    expect(head).toMatch(/^HOST +METHOD +PATH +UPSTREAM +AUTH +LANE +SOURCE$/)
    expect(row).toMatch(/^\* +GET +\/users\/\{id\} +users +- +head +config$/)
  })

  test('tells who is asked about callers, and what routes demand of them', async () => {
    const route = (path: string, more: string): string => `  - { path: ${path}, upstream: users${more} }\n`
    cli.file(
      'octopus.yaml',
      `middleware: [auth]\nplugins: [{ name: jwt-auth, config: { secret: "${'s'.repeat(32)}" } }]\n${SMALL}` +
        route('/a', ', auth: false') +
        route('/b', ', auth: { roles: [admin, owner], scopes: [read, write] }'),
    )
    expect(await cli.run(['routes', '-c', 'octopus.yaml'])).toBe(0)
    const auth = cli.out.split('\n').map((line) => line.split(/ {2,}/)[4])
    expect(auth.slice(0, 4)).toEqual(['AUTH', 'anonymous', 'jwt-auth, scopes read+write, roles admin|owner', 'jwt-auth'])
    cli.out = ''
    expect(await cli.run(['routes', '-c', 'octopus.yaml', '--json'])).toBe(0)
    expect(JSON.parse(cli.out)).toMatchObject([
      { auth: false },
      { auth: { roles: ['admin', 'owner'] } },
      { auth: null, enforces: ['jwt-auth'] },
    ])
  })

  test('prints JSON', async () => {
    cli.file('octopus.yaml', SMALL)
    expect(await cli.run(['routes', '-c', 'octopus.yaml', '--json'])).toBe(0)
    expect(JSON.parse(cli.out)).toMatchObject([
      { path: '/users/{id}', methods: ['GET'], upstream: 'users', lane: 'head', source: 'config' },
    ])
  })
})

describe('schema and init', () => {
  test('schema prints a JSON Schema', async () => {
    expect(await cli.run(['schema'])).toBe(0)
    expect(JSON.parse(cli.out)).toMatchObject({ type: 'object', properties: { server: { properties: { http_port: { default: 8080 } } } } })
  })

  test('init writes a file that validates, and never overwrites one', async () => {
    expect(await cli.run(['init'])).toBe(0)
    expect(cli.out).toContain('octopus --config octopus.yaml')
    expect(await cli.run(['validate', '-c', 'octopus.yaml'])).toBe(0)
    const before = readFileSync(join(cli.cwd, 'octopus.yaml'), 'utf8')
    expect(await cli.run(['init'])).toBe(1)
    expect(cli.err).toContain('octopus.yaml exists already')
    expect(readFileSync(join(cli.cwd, 'octopus.yaml'), 'utf8')).toBe(before)
    expect(await cli.run(['init', 'other.yaml'])).toBe(0)
    expect(existsSync(join(cli.cwd, 'other.yaml'))).toBe(true)
  })

  test('the parts of the starter file that are comments work when they are not', async () => {
    await cli.run(['init'])
    const text = readFileSync(join(cli.cwd, 'octopus.yaml'), 'utf8')
    const all = text.replace('    services: []\n', '').replaceAll(/^( *)# (?=[ a-z-]+:| +- | *[a-z_]+: )/gm, '$1')
    cli.file('all.yaml', all)
    const { cert, key } = testCertificates().server
    cli.file('cert.pem', cert)
    cli.file('key.pem', key)
    for (const block of ['tls', 'middleware', 'plugins', 'upstreams', 'routes', 'admin']) expect(all).toContain(`\n${block}:\n`)
    expect(all).toContain('\nupstreams:\n  - name: legacy')
    expect(await cli.run(['validate', '-c', 'all.yaml'], { env: { ADMIN_PASSWORD_HASH: `$2b$12$${'a'.repeat(53)}` } })).toBe(0)
    expect(cli.out).toContain('1 route, 1 upstream, discovery static, FARP on')
  })
})
