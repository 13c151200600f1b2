import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assertBuilt } from '../../../scripts/lib/build.mjs'
import { Program, freePort, root } from '../../../tests/support/process.ts'
import { requireRuntime } from '../../../tests/support/runtimes.ts'

const deno = requireRuntime('deno')

test.skipIf(deno === undefined)('serves its own function, on Deno', async () => {
  assertBuilt('packages/core')
  const port = await freePort()
  const permissions = ['--no-prompt', '--allow-net=127.0.0.1', '--allow-env=PORT']
  await using program = new Program(deno!, ['run', ...permissions, join(root, 'examples/deno/gateway.ts')], {
    PORT: String(port),
    NO_COLOR: '1',
  })
  await program.printed(`:${port}`)
  const response = await fetch(`http://127.0.0.1:${port}/hello`)
  expect([response.status, await response.text()]).toEqual([200, 'Hello from Deno\n'])
})
