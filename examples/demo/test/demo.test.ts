import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '@octopus-gateway/config'
import { expect, test } from 'vitest'
import { root } from '../../../tests/support/process.ts'

// That the demo runs, and what it prints works, is tested end to end: tests/e2e/demo.e2e.test.ts.
const file = join(root, 'examples/demo/octopus.yaml')
const load = (env: Record<string, string>) => loadConfig([file], { env, import: (name) => import(name) })

async function addresses(env: Record<string, string>): Promise<string[]> {
  const { gateway } = await load(env)
  const sets = gateway.discovery![0]!.watch(new AbortController().signal, { log: gateway.log!, fail: expect.fail })
  const first = await sets[Symbol.asyncIterator]().next()
  return (first.value ?? []).map((one: { service: string; port: number }) => `${one.service} ${one.port}`)
}

test('the file lists four services and no route', async () => {
  const { gateway, server, admin } = await load({})
  expect([server.port, admin.port]).toEqual([8080, 9090])
  expect(gateway.routes).toEqual([])
  expect(await addresses({})).toEqual(['users 8081', 'orders 8082', 'catalog 8083', 'reviews 8084'])
})

test('every port can be moved by its variable', async () => {
  const { server, admin } = await load({ OCTOPUS_PORT: '8180', OCTOPUS_ADMIN_PORT: '9190' })
  expect([server.port, admin.port]).toEqual([8180, 9190])
  expect(await addresses({ USERS_PORT: '1', ORDERS_PORT: '2', CATALOG_PORT: '3', REVIEWS_PORT: '4' })).toEqual([
    'users 1',
    'orders 2',
    'catalog 3',
    'reviews 4',
  ])
})

test('the file and the program read the same variables', () => {
  const variables = (path: string, pattern: RegExp) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(pattern)].map((match) => `${match[1]} ${match[2]!.replace('_', '')}`).sort()
  const inFile = variables('examples/demo/octopus.yaml', /\$\{(\w+):-(\d+)\}/g)
  const inProgram = variables('examples/demo/src/ports.ts', /portOf\('[^']+', '(\w+)', ([\d_]+)\)/g)
  expect(inFile).toEqual(inProgram)
})
