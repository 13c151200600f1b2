import { afterAll, beforeAll, expect, test } from 'vitest'
import fc from 'fast-check'
import { ask } from './support/ask.ts'
import { askNode } from './support/node-client.ts'
import { BAD, CUT, GOOD, GOOD_THEN_DOUBTFUL } from './support/scripts.ts'
import { Http1Wire } from '../../src/http1-client/wire.ts'
import { onRequest, startRawServer } from '@octopus-gateway/testing'
import type { NodeOutcome } from './support/node-client.ts'
import type { Outcome } from './support/ask.ts'
import type { RawServer } from '@octopus-gateway/testing'

const SEEDS = [...GOOD, ...GOOD_THEN_DOUBTFUL, ...CUT, ...BAD]
const wire = new Http1Wire()
/** The bytes that the origin sends, and closes. */
let bytes = ''
let origin: RawServer

beforeAll(async () => {
  origin = await startRawServer(onRequest((_request, socket) => void socket.end(bytes, 'latin1')))
})
afterAll(async () => {
  await wire.close(0)
  await origin.close()
})

async function both(sent: string, method = 'GET'): Promise<{ own: Outcome; node: NodeOutcome }> {
  bytes = sent
  const own = await ask(wire, origin.origin, { method })
  return { own, node: await askNode(origin.origin, '/', method) }
}

/**
 * What the wire takes, llhttp takes, and reads it in the same way. Bytes behind the end are the one thing on which the two have to differ: the
 * wire gives the answer and closes, llhttp may fail because of them. Then there must be a beginning on which both agree.
 */
async function judge(sent: string, method?: string): Promise<void> {
  const { own, node } = await both(sent, method)
  if (own.error !== undefined) return
  const same = (one: NodeOutcome): boolean => one.status === own.status && one.body === own.body
  if (same(node) && node.error === undefined) return
  for (let length = sent.length - 1; length > 0; length--) {
    const shorter = await both(sent.slice(0, length), method)
    if (shorter.own.error !== undefined) break
    if (same(shorter.node) && shorter.node.error === undefined && shorter.own.body === own.body) return
  }
  expect(node, JSON.stringify(sent)).toEqual({ status: own.status, body: own.body })
}

test.each(SEEDS.map((script) => [script.title, script] as const))('[R17] no looser than llhttp: %s', (_title, script) =>
  judge(script.bytes, script.method),
)

const ODD = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '=',
  '"',
  '\\',
  '-',
  '+',
  '0',
  '1',
  '9',
  'f',
  'x',
  '\u007f',
  '\u0080',
  '\u00ff',
  '\r\n\r\n',
  '\r\n ',
]
const PARTS = [
  'Content-Length: 2\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  '0\r\n\r\n',
  ';a=b',
]
const mutation = fc.record({
  kind: fc.constantFrom('replace', 'insert', 'delete', 'repeat'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 1, max: 12 }),
  text: fc.constantFrom(...ODD, ...PARTS),
})

test('[R17] no looser than llhttp: answers changed at random', async () => {
  let taken = 0
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...SEEDS), fc.array(mutation, { minLength: 1, maxLength: 3 }), async (seed, mutations) => {
      let sent = seed.bytes
      for (const { kind, at, length, text } of mutations) {
        const from = Math.floor(at * sent.length)
        const until = kind === 'insert' ? from : Math.min(sent.length, from + (kind === 'replace' ? text.length : length))
        const put = kind === 'delete' ? '' : kind === 'repeat' ? sent.slice(from, until).repeat(2) : text
        sent = sent.slice(0, from) + put + sent.slice(until)
      }
      await judge(sent, seed.method)
      taken += 1
    }),
    { numRuns: 1_500 },
  )
  expect(taken).toBe(1_500)
}, 60_000)
