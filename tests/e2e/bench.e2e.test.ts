import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { requireComponent } from '../support/components.ts'
import { Program, root } from '../support/process.ts'

const wrk = requireComponent('wrk')
const programs = ['nginx', 'h2load', 'openssl', 'taskset'].map((name) => requireComponent(name))

interface Round {
  readonly [subject: string]: { readonly microsPerRequest: number; readonly requests: number }
}

test.skipIf([wrk, ...programs].includes(undefined))(
  'the benchmark measures the gateway beside nginx, over HTTP/1.1',
  { timeout: 120_000 },
  () => {
    assertBuilt('packages/node')
    const args = ['bench/run.mjs', '--only', 'get-200', '--subjects', 'octopus,nginx', '--rounds', '1', '--seconds', '1']
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    expect(status, stdout + stderr).toBe(0)
    const { data } = JSON.parse(readFileSync(join(root, '.cache/bench/results/get-200.json'), 'utf8')) as {
      readonly data: { readonly rounds: readonly Round[]; readonly absent: object }
    }
    expect(data.absent).toEqual({})
    expect(Object.keys(data.rounds[0]!)).toEqual(['octopus', 'nginx'])
    for (const { microsPerRequest, requests } of Object.values(data.rounds[0]!)) {
      expect(requests).toBeGreaterThan(0)
      expect(microsPerRequest).toBeGreaterThan(0)
    }
    expect(readFileSync(join(root, '.cache/bench/RESULTS.md'), 'utf8')).toContain('| nginx | ')
  },
)

/** A server that remembers what it was asked. */
async function listening() {
  const seen = new Set<string>()
  const server = createServer(async (request, response) => {
    let bytes = 0
    for await (const piece of request as AsyncIterable<Buffer>) bytes += piece.length
    seen.add(`${request.method} ${request.url} ${bytes} ${request.headers.authorization ?? '-'}`)
    response.end('ok')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    seen,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

test.skipIf(wrk === undefined).each([
  { script: 'report.lua', args: [], wanted: ['GET / 0 -'] },
  { script: 'post.lua', args: ['2048'], wanted: ['POST / 2048 -'] },
  { script: 'token.lua', args: [], wanted: ['GET / 0 Bearer secret'] },
  { script: 'paths.lua', args: ['/users/1', '/orders/2'], wanted: ['GET /orders/2 0 -', 'GET /users/1 0 -'] },
])('bench/wrk/$script asks for what it says', async ({ script, args, wanted }) => {
  await using server = await listening()
  const env = { THREADS: '1', CONNECTIONS: '2', DURATION: '1s', TOKEN: 'secret' }
  const command = [join(root, 'bench/wrk/run.sh'), `${server.url}/`, join(root, 'bench/wrk', script), ...args]
  await using program = new Program('bash', command, env)
  expect(await program.exited(), program.output).toBe(0)
  expect(program.output).toContain('failed: 0 answers outside 2xx and 3xx')
  expect([...server.seen].sort()).toEqual(wanted)
})
