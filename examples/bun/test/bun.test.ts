import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assertBuilt } from '../../../scripts/lib/build.mjs'
import { Program, freePort, root } from '../../../tests/support/process.ts'
import { requireRuntime } from '../../../tests/support/runtimes.ts'

const bun = requireRuntime('bun')

test.skipIf(bun === undefined)('serves its own function, on Bun', async () => {
  assertBuilt('packages/core')
  const port = await freePort()
  await using program = new Program(bun!, [join(root, 'examples/bun/gateway.ts')], { PORT: String(port) })
  await program.printed(`:${port}`)
  const response = await fetch(`http://127.0.0.1:${port}/hello`)
  expect([response.status, await response.text()]).toEqual([200, 'Hello from Bun\n'])
})
