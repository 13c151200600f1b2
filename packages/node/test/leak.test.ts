import { afterAll, beforeAll, expect, test } from 'vitest'
import { Agent, request as httpRequest } from 'node:http'
import { active, gauge, running, webLane } from './support/running.ts'
import { rawOrigin, service, to } from './support/upstreams.ts'
import { onRequest, waitFor } from '@octopus-gateway/testing'
import { Socket } from 'node:net'

const warnings: string[] = []
const rejections: unknown[] = []
const onWarning = (warning: Error): void => void warnings.push(`${warning.name}: ${warning.message}`)
const onRejection = (reason: unknown): void => void rejections.push(reason)

beforeAll(() => {
  process.on('warning', onWarning)
  process.on('unhandledRejection', onRejection)
})
afterAll(() => {
  process.off('warning', onWarning)
  process.off('unhandledRejection', onRejection)
})

type Kind = 'whole' | 'upload' | 'leave-early' | 'leave-late' | 'leave-upload'
const KINDS: readonly Kind[] = ['whole', 'upload', 'whole', 'leave-early', 'whole', 'leave-late', 'leave-upload', 'whole']

/** One request of a kind; resolves when the client is done with it, whatever came of it. */
function ask(port: number, agent: Agent, kind: Kind): Promise<void> {
  return new Promise((resolve) => {
    const method = kind === 'upload' || kind === 'leave-upload' ? 'POST' : 'GET'
    const path = kind === 'leave-late' ? '/long' : kind === 'leave-early' ? '/slow' : '/quick'
    const request = httpRequest({ host: '127.0.0.1', port, agent, method, path })
    const done = (): void => resolve()
    request.on('error', done).on('close', done)
    request.on('response', (response) => {
      response.on('error', done)
      if (kind === 'leave-late') response.once('data', () => request.destroy())
      else response.resume()
    })
    if (kind === 'leave-upload') {
      request.write('the beginning')
      setImmediate(() => request.destroy())
    } else request.end(method === 'POST' ? 'a body' : undefined)
    if (kind === 'leave-early') setImmediate(() => request.destroy())
  })
}

test.each([
  ['head', [], 10_000],
  ['web', webLane(), 2_000],
] as const)(
  '[R40] %s lane: many requests, cut by clients and upstreams, leave nothing behind',
  async (_lane, plugins, count) => {
    const finished = { count: 0, errors: 0, isDisposed: false }
    const recorder = {
      name: 'recorder',
      version: '1.0.0',
      identity: { name: 'recorder', version: '1.0.0', config: finished },
      setup: () => ({
        onFinish: (_ctx: unknown, outcome: { error?: unknown }) => {
          finished.count += 1
          if (outcome.error !== undefined) finished.errors += 1
        },
        [Symbol.asyncDispose]: async () => {
          finished.isDisposed = true
        },
      }),
    }
    const up = await service((request, response) => {
      request.resume()
      if (request.url === '/quick') response.end('ok')
      else if (request.url === '/long') response.write('x'.repeat(100_000))
      else setTimeout(() => response.end('slow'), 20)
    })
    const resetting = await rawOrigin(
      onRequest((_request, socket, index) =>
        index % 3 === 2 ? void socket.resetAndDestroy() : void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
      ),
    )
    const { gateway, port } = await running({ ...to(up, resetting), plugins: [recorder, ...plugins] })
    const agent = new Agent({ keepAlive: true, maxSockets: 40 })
    const before = heldSockets()
    let next = 0
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        while (next < count) await ask(port, agent, KINDS[next++ % KINDS.length]!)
      }),
    )
    agent.destroy()
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 0, { what: 'all connections to be closed' })
    await waitFor(() => active(gateway) === 0, { what: 'all attempts to be over' })
    // Requests that never reached the gateway have no end there; those that did have exactly one.
    expect(finished.count).toBeGreaterThan(count * 0.6)
    expect(finished.count).toBeLessThanOrEqual(count)
    expect(finished.errors).toBeGreaterThan(count / 20)
    expect(finished.isDisposed).toBe(false)
    await gateway.update({ routes: [] })
    // A generation lets its plugins go when its last lease is back.
    await waitFor(() => finished.isDisposed, { what: 'the last lease' })
    await waitFor(() => heldSockets() <= before + 80, { what: 'sockets beyond the kept pools to be closed' })
    expect(rejections).toEqual([])
    expect(warnings).toEqual([])
  },
  40_000,
)

function heldSockets(): number {
  return (process as NodeJS.Process & { _getActiveHandles(): unknown[] })._getActiveHandles().filter((handle) => handle instanceof Socket)
    .length
}
