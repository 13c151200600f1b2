import { CHUNKS } from './chunks.ts'
import { describe, expect, test } from 'vitest'
import { FRAMING } from './framing.ts'
import { LINES } from './lines.ts'
import { onRequest, rawRequest, readMessage } from '@octopus-gateway/testing'
import { rawOrigin, to } from '../support/upstreams.ts'
import { running, webLane } from '../support/running.ts'
import { TARGETS } from './targets.ts'
import type { Plugin } from '@octopus-gateway/core'
import type { RawCase } from './raw-case.ts'
import type { RawMessage } from '@octopus-gateway/testing'
import type { UpstreamClient } from '@octopus-gateway/node'

const CORPUS: readonly RawCase[] = [...FRAMING, ...CHUNKS, ...LINES, ...TARGETS]
const WAYS: readonly (readonly [string, { readonly client: UpstreamClient; readonly plugins: readonly Plugin[] }])[] = [
  ['head lane', { client: 'native', plugins: [] }],
  ['head lane over undici', { client: 'undici', plugins: [] }],
  ['web lane', { client: 'native', plugins: webLane() }],
]

test('the corpus is large, and no case is there twice', () => {
  expect(CORPUS.length).toBeGreaterThanOrEqual(120)
  expect(new Set(CORPUS.map(({ row, title }) => `${row} ${title}`)).size).toBe(CORPUS.length)
})

describe.each(WAYS)('raw requests, %s', (_way, { client, plugins }) => {
  test.each(CORPUS.map((one) => [one.row, one.title, one] as const))('[R%i] %s', async (_row, _title, one) => {
    // An origin that takes whatever it can for a request, and answers each with the body it got.
    const origin = await rawOrigin(
      onRequest(({ body }, socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`)
        socket.write(body)
      }),
    )
    const { port } = await running({ ...to(origin), plugins }, { upstreamClient: client })
    const exchange = await rawRequest(port, one.bytes, { responses: one.closes ? Infinity : one.statuses.length, timeout: 4_000 })

    expect(exchange.responses.map(({ status }) => status)).toEqual(one.statuses)
    for (const response of exchange.responses) {
      if (response.status !== 200) expect(response.field('content-type')).toBe('application/problem+json')
    }
    if (one.closes) expect(exchange.ended).toBe('closed')
    const { requests, rest } = read(origin.received)
    // Requests in one packet are under way at once, on connections of their own.
    const order = (lines: string[][]): string[][] => lines.toSorted(([a], [b]) => (a! < b! ? 1 : -1))
    expect(order(requests.map(({ startLine, body }) => [startLine, body.toString('latin1')]))).toEqual(
      order(one.forwarded.map(({ line, body }) => [`${line} HTTP/1.1`, body])),
    )
    for (const request of requests) {
      const length = valuesOf(request, 'content-length')
      const coding = valuesOf(request, 'transfer-encoding')
      expect([length === undefined || /^\d+$/.test(length), coding ?? 'chunked', length !== undefined && coding !== undefined]).toEqual([
        true,
        'chunked',
        false,
      ])
      const { fields = {} } = one.forwarded.find(({ line }) => request.startLine === `${line} HTTP/1.1`)!
      for (const [name, value] of Object.entries(fields)) expect([name, valuesOf(request, name)]).toEqual([name, value])
    }
    // What is left was never a whole message, and nothing in it can be taken for a further one.
    expect(rest.join('')).not.toContain('/smuggled')
    exchange.responses.forEach((response, i) => {
      if (response.status === 200) expect(response.body.toString('latin1')).toBe(one.forwarded[i]!.body)
    })
  })
})

/** All whole requests that an origin got, in the order of their connections, and what it got beside them. */
function read(received: readonly string[]): { requests: RawMessage[]; rest: string[] } {
  const requests: RawMessage[] = []
  const rest = received.map((text) => {
    let bytes = Buffer.from(text, 'latin1')
    for (let request = readMessage(bytes); request !== undefined; request = readMessage(bytes)) {
      requests.push(request)
      bytes = bytes.subarray(request.size)
    }
    return bytes.toString('latin1')
  })
  return { requests, rest }
}

function valuesOf({ rawHeaders }: RawMessage, name: string): string | undefined {
  const values = rawHeaders.filter((_text, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === name)
  return values.length === 0 ? undefined : values.join(', ')
}
