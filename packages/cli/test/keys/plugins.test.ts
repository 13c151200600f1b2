import { afterAll, beforeAll, expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { refused, running, type Running } from './running.ts'
import { SECRET, withToken } from './token.ts'
import { startService, type Service } from '@octopus-gateway/testing'
import { upstream } from './yaml.ts'

let up: Service
beforeAll(async () => {
  up = await startService()
})
afterAll(() => up[Symbol.asyncDispose]())

const CORE = new URL('../../../core/src/index.ts', import.meta.url).href

/** Says a word in a field of every answer. */
const STAMP = {
  'stamp.mjs': `
    const { definePlugin } = await import(${JSON.stringify(CORE)})
    const config = { '~standard': { version: 1, vendor: 'test', validate: (value) =>
      typeof value.theWord === 'string' ? { value } : { issues: [{ message: 'must be a word', path: ['theWord'] }] } } }
    export default definePlugin({
      name: 'stamp', version: '1.0.0', config,
      setup: ({ theWord }) => ({ onResponse: (_ctx, head) => head.headers.append('x-stamp', theWord) }),
    })`,
}

const stamp = (more: string): string => `{ name: stamp, path: ./stamp.mjs, ${more} }`

async function stamps(gateway: Running, path = '/'): Promise<string | null> {
  return (await fetch(gateway.url + path)).headers.get('x-stamp')
}

const withPlugins = (...items: readonly string[]): Promise<Running> =>
  running(`plugins: [${items.join(', ')}]\n${upstream(up.port)}`, { files: STAMP })

behaviour('plugins[].name', 'jwt-auth comes with the gateway and asks for a token', async () => {
  const yaml = `plugins:\n  - name: jwt-auth\n    config:\n      secret: \${JWT_SECRET}\n${upstream(up.port)}`
  await using gateway = await running(yaml, { env: { JWT_SECRET: SECRET } })
  expect([await gateway.status('/'), await gateway.status('/', withToken())]).toEqual([401, 200])
})

behaviour('plugins[].name', 'one that nobody has is refused', async () => {
  const { code, err } = await refused(`plugins: [{ name: octopus-no-such-plugin }]\n${upstream(up.port)}`)
  expect(code).toBe(78)
  expect(err).toContain('plugins[0].name: the package octopus-no-such-plugin could not be loaded')
})

behaviour('plugins[].path', 'loads a module beside the configuration', async () => {
  await using gateway = await withPlugins(stamp('config: { the_word: here }'))
  expect(await stamps(gateway)).toBe('here')
})

behaviour('plugins[].enabled', 'false leaves the plugin out, true is the default', async () => {
  const config = 'config: { the_word: here }'
  await using off = await withPlugins(stamp(`enabled: false, ${config}`))
  expect(await stamps(off)).toBeNull()
  await using on = await withPlugins(stamp(`enabled: true, ${config}`))
  expect(await stamps(on)).toBe('here')
})

behaviour('plugins[].config', 'reaches the plugin and is judged by it', async () => {
  await using gateway = await withPlugins(stamp('config: { the_word: one }'))
  expect(await stamps(gateway)).toBe('one')
  const { code, err } = await refused(`plugins: [${stamp('config: { the_word: [] }')}]\n${upstream(up.port)}`, { files: STAMP })
  expect(code).toBe(78)
  expect(err).toMatch(/octopus\.yaml:1:\d+: plugins\[0\]\.config\.the_word: must be a word/)
})

behaviour('routes[].plugins[]', 'run for this route only, after those of every route', async () => {
  const own = `routes: [{ path: /a, upstream: up, plugins: [${stamp('config: { the_word: own }')}] }, { path: /b, upstream: up }]\n`
  const yaml = `plugins: [${stamp('config: { the_word: all }')}]\n${upstream(up.port).replace(/routes:.*\n/, own)}`
  await using gateway = await running(yaml, { files: STAMP })
  // On the way out the last one comes first.
  expect([await stamps(gateway, '/a'), await stamps(gateway, '/b')]).toEqual(['own, all', 'all'])
})
