import { callOf } from './support/ask.ts'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { expect, onTestFinished, test } from 'vitest'
import { Http1Wire } from '../../src/http1-client/wire.ts'
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { testCertificates } from '@octopus-gateway/testing'
import type { AddressInfo } from 'node:net'
import type { Flow } from '../../src/flow.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'

const ANSWERS = 24
const MIB = 1024 * 1024
const LENGTH = 4 * MIB

/** Answers whose bytes wait in the buffers of the system, to be read as fast as anybody wants. */
async function waiting(tls: boolean): Promise<Flow[]> {
  const { ca, server: certificate } = testCertificates()
  const answer = (_request: IncomingMessage, response: ServerResponse): void => void response.end(Buffer.alloc(LENGTH, 'x'))
  const server = tls ? createSecureServer(certificate, answer) : createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const wire = new Http1Wire()
  onTestFinished(async () => {
    await wire.close(0)
    server.close()
  })
  const origin = `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  const call = callOf(origin, { connectTimeout: 20_000, transport: { protocol: 'http1', tls: tls ? { ca } : null } })
  return Promise.all(Array.from({ length: ANSWERS }, async () => (await wire.send(call).answer).body))
}

test.each([
  ['in the clear', false],
  ['over TLS', true],
])('large answers take turns %s: one turn of the event loop takes little of them, and each gets its part', async (_title, tls) => {
  const flows = await waiting(tls)
  const bytes = flows.map(() => 0)
  const total = (): number => bytes.reduce((sum, one) => sum + one, 0)
  const over = { count: 0 }
  flows.forEach((flow, i) =>
    flow.attach({
      chunk: (piece) => ((bytes[i]! += piece.length), true),
      end: () => (over.count += 1),
      fail: (error) => expect.unreachable(error.message),
    }),
  )
  // What they had before they took turns.
  await turn()
  await turn()
  let most = 0
  let spread = 0
  while (over.count < ANSWERS) {
    const before = total()
    await turn()
    most = Math.max(most, total() - before)
    if (over.count === 0) spread = Math.max(spread, Math.max(...bytes) - Math.min(...bytes))
  }
  expect(bytes).toEqual(flows.map(() => LENGTH))
  // A megabyte in all, and one read more for each whose last one was not full.
  expect(most).toBeLessThan(2.5 * MIB)
  expect(most).toBeGreaterThan(MIB / 8)
  expect(spread).toBeLessThan(LENGTH)
})
