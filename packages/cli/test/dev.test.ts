import { afterEach, beforeEach, expect, test } from 'vitest'
import { Cli } from './harness.ts'
import { startService, waitFor, type Service } from '@octopus-gateway/testing'

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

/** A plugin that says its own word in a field of every answer, and on the log when it is let go. */
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

const PLUGINS = 'plugins: [{ name: stamp, path: ./stamp.mjs }]\n'

async function started(): Promise<string> {
  return (await cli.seen(/Gateway +(http:\S+)\n/))[1]!
}

const stampOf = async (url: string): Promise<string | null> => (await fetch(`${url}/users/7`)).headers.get('x-stamp')

test('octopus dev tells every change in words, at level debug, wherever the output goes', async () => {
  cli.file('config.dev.yaml', config('/old/*'))
  const running = cli.run(['dev', '-c', 'config.dev.yaml'])
  const url = await started()
  cli.file('config.dev.yaml', config('/new/*', 'routing: { timeout: 9s }\n'))
  await cli.seen(/- \* \/old\/\* -> users\n\+ \* \/new\/\* -> users\n/)
  await cli.seen(/info +configuration reloaded trigger="file change"/)
  cli.file('config.dev.yaml', config('/new/*', 'routing: { timeout: 8s }\nsurver: {}\n'))
  await cli.seen(/error configuration issue source=\S+config\.dev\.yaml:5:1 path=surver/)
  expect((await fetch(`${url}/new/7`)).status).toBe(200)
  cli.file('config.dev.yaml', config('/new/*', 'routing: { timeout: 8s }\n'))
  await cli.seen(/~ \* \/new\/\* -> users \(timeout\)\n/)
  cli.signal()
  expect(await running).toBe(0)
})

test('octopus dev: what the configuration says of the log holds', async () => {
  cli.file('config.dev.yaml', config('/users/*', 'observability: { logging: { level: error, format: json } }\n'))
  const running = cli.run(['dev', '-c', 'config.dev.yaml'])
  await waitFor(() => cli.listeners === 2)
  cli.file('config.dev.yaml', 'routes: [')
  await cli.seen(/^\{.*"level":"error".*configuration refused.*\n/m)
  expect(cli.out).not.toContain('"level":"info"')
  cli.signal()
  expect(await running).toBe(0)
})

test('serving keeps the code of a module that it has; only octopus dev reads it again', async () => {
  cli.file('stamp.mjs', stamp('one'))
  cli.file('octopus.yaml', config('/users/*', PLUGINS))
  const running = cli.run(['-c', 'octopus.yaml'])
  await cli.seen(/gateway started.*\n/)
  const { url } = JSON.parse(/\{.*gateway started.*\}/.exec(cli.out)![0]) as { readonly url: string }
  cli.file('stamp.mjs', stamp('two'))
  cli.hangUp()
  await cli.seen(/configuration reloaded.*\n/)
  expect(await stampOf(url)).toBe('one')
  expect(cli.out).not.toContain('let go')
  cli.signal()
  expect(await running).toBe(0)
})
