import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { closedPort } from '@octopus-gateway/testing'
import { expect, test } from 'vitest'
import { assertBuilt } from '../../../scripts/lib/build.mjs'

// The built package: a program that has nothing else to do must end, whatever the registration waits for.
test('a registration keeps no process alive', async () => {
  assertBuilt('packages/farp-service')
  const index = new URL('../dist/index.js', import.meta.url).href
  const source = `
    const { farp } = await import(${JSON.stringify(index)})
    const service = farp({ name: 'orders', version: '1', address: '127.0.0.1:8080' })
    service.register({ gateway: 'http://127.0.0.1:${await closedPort()}' })`
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { cwd, stdio: 'ignore', timeout: 10_000 })
  const [code] = (await once(child, 'exit')) as [number | null]
  expect(code).toBe(0)
})
