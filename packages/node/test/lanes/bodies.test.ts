import { createHash, randomBytes } from 'node:crypto'
import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { gzipSync } from 'node:zlib'
import { service, to } from '../support/upstreams.ts'
import type { ServiceHandler } from '@octopus-gateway/testing'

const FIVE_MEGABYTES = randomBytes(5 * 1024 * 1024)
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Answers with the hash and the length of the body it got. */
const hashing: ServiceHandler = async (request, response) => {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const body = Buffer.concat(pieces)
  response.end(JSON.stringify({ sha: sha(body), bytes: body.length }))
}

async function* pieces(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

describeLanes('bodies', (lane) => {
  test.each([
    ['empty', new Uint8Array()],
    ['one byte', Buffer.from('x')],
    ['small', Buffer.from('{"name":"octopus"}')],
    ['5 MB', FIVE_MEGABYTES],
  ])('[R24] a request body arrives as it was sent: %s', async (_title, body) => {
    const up = await service(hashing)
    const { send } = await lane.start(to(up))
    const answer = await send({ method: 'POST', body })
    expect(answer.json()).toEqual({ sha: sha(body), bytes: body.length })
  })

  test('[R24] a declared length goes on as a length, chunks as chunks', async () => {
    const up = await service(hashing)
    const { send } = await lane.start(to(up))
    expect((await send({ method: 'POST', body: 'twelve bytes' })).json()).toEqual({ sha: sha(Buffer.from('twelve bytes')), bytes: 12 })
    expect((await send({ method: 'PUT', body: pieces(FIVE_MEGABYTES, 70_000) })).json()).toEqual({
      sha: sha(FIVE_MEGABYTES),
      bytes: FIVE_MEGABYTES.length,
    })
    const framing = up.requests.map((request) => [request.header('content-length'), request.header('transfer-encoding')])
    // fetch frames every stream in chunks: differences.ts.
    expect(framing).toEqual([lane.isNode ? ['12', undefined] : [undefined, 'chunked'], [undefined, 'chunked']])
  })

  test('a POST without a body says so to the upstream', async () => {
    const up = await service(hashing)
    const { send } = await lane.start(to(up))
    expect((await send({ method: 'POST' })).json()).toMatchObject({ bytes: 0 })
    expect([up.requests[0]!.header('content-length'), up.requests[0]!.header('transfer-encoding')]).toEqual(['0', undefined])
  })

  test.each([
    ['with a length', true],
    ['in chunks', false],
  ])('a response body arrives as it was sent, %s', async (_title, hasLength) => {
    const up = await service((_request, response) => {
      response.writeHead(200, hasLength ? { 'content-length': FIVE_MEGABYTES.length } : {})
      response.end(FIVE_MEGABYTES)
    })
    const { sendAlone } = await lane.start(to(up))
    const answer = await sendAlone({}, 'five megabytes as text compare slowly')
    expect(sha(answer.body)).toBe(sha(FIVE_MEGABYTES))
    expect(answer.header('content-length')).toBe(hasLength ? String(FIVE_MEGABYTES.length) : undefined)
  })

  test('an empty chunked answer is empty and the connection stays in step', async () => {
    const up = await service((_request, response) => {
      response.writeHead(200)
      response.flushHeaders()
      response.end()
    })
    const { send } = await lane.start(to(up))
    expect((await send({})).text).toBe('')
    expect((await send({})).text).toBe('')
  })

  test('a response that ends with its connection is whole', async () => {
    const up = await service((_request, response) => {
      response.shouldKeepAlive = false
      response.useChunkedEncodingByDefault = false
      response.removeHeader('transfer-encoding')
      response.end('to the end')
    })
    const { send } = await lane.start(to(up))
    expect((await send({})).text).toBe('to the end')
  })
})

describeLanes(
  'encoded bodies',
  (lane) => {
    test('a content coding passes byte for byte, with its fields', async () => {
      const zipped = gzipSync('octopus '.repeat(100))
      const up = await service(
        (_request, response) =>
          void response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': zipped.length, etag: 'W/"z"' }).end(zipped),
      )
      const { send } = await lane.start(to(up))
      const answer = await send({ headers: [['accept-encoding', 'gzip']] })
      expect([answer.header('content-encoding'), answer.header('content-length')]).toEqual(['gzip', String(zipped.length)])
      expect(sha(answer.body)).toBe(sha(zipped))
    })

    test('no accept-encoding is invented', async () => {
      const up = await service()
      const { send } = await lane.start(to(up))
      await send({})
      for (const field of ['accept-encoding', 'accept', 'accept-language', 'user-agent', 'sec-fetch-mode'])
        expect(up.requests[0]!.header(field)).toBeUndefined()
    })

    test('GET and DELETE carry a body where a client sends one', async () => {
      const up = await service()
      const { send } = await lane.start(to(up))
      for (const method of ['GET', 'DELETE', 'OPTIONS'])
        expect((await send({ method, body: 'payload' })).json()).toMatchObject({ method, body: 'payload' })
    })
  },
  { only: ['head', 'web'], because: 'fetch decodes bodies and adds fields of its own; differences.ts says so' },
)
