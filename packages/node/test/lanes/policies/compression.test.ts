import { brotliDecompressSync, createGunzip, gunzipSync } from 'node:zlib'
import { compression } from '@octopus-gateway/core/plugins'
import { createHash, randomBytes } from 'node:crypto'
import { definePlugin } from '@octopus-gateway/core'
import { describeLanes } from '../support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { service, to } from '../../support/upstreams.ts'
import { waitFor } from '@octopus-gateway/testing'
import type { GatewayOptions, Outcome, Plugin } from '@octopus-gateway/core'
import type { LaneRequest } from '../support/client.ts'
import type { ServerResponse } from 'node:http'

const MEGABYTE = 1024 * 1024
const GZIP: LaneRequest['headers'] = [['accept-encoding', 'gzip']]
const TEXT = 'all work and no play makes jack a dull boy. '.repeat(200)

function compressing(up: { readonly origin: string }, plugins: readonly Plugin[] = []): GatewayOptions {
  return { ...to(up), plugins: [...plugins, compression()] }
}

/** Resolves when the client takes more, or has gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}

/** What ended, and how. */
function watching(): { outcomes: Outcome[]; watch: Plugin } {
  const outcomes: Outcome[] = []
  const watch = definePlugin({
    name: 'watch',
    config: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
    setup: () => ({ onFinish: (_ctx, outcome) => void outcomes.push(outcome) }),
  })
  return { outcomes, watch: watch(undefined) }
}

/** A service whose answer is this body. */
function answering(body: string | Buffer, fields: Record<string, string> = {}): ReturnType<typeof service> {
  const head = { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body), ...fields }
  return service((_request, response) => void response.writeHead(200, head).end(body))
}

describeLanes('compression', (lane) => {
  test.each([
    ['a small body', TEXT],
    ['a body of many pieces', TEXT.repeat(300)],
    ['bytes that do not become smaller', randomBytes(200_000)],
  ])('[R27] %s comes through, coded', async (_name, body) => {
    const { outcomes, watch } = watching()
    const { sendAlone } = await lane.start(compressing(await answering(body, { etag: '"v1"', 'accept-ranges': 'bytes' }), [watch]))
    const answer = await sendAlone({ headers: GZIP }, 'coders of different libraries make different bytes')
    expect([answer.status, answer.header('content-encoding'), answer.header('vary'), answer.header('etag')]).toEqual([
      200,
      'gzip',
      'Accept-Encoding',
      'W/"v1"',
    ])
    expect(answer.header('accept-ranges')).toBeUndefined()
    const declared = answer.header('content-length')
    if (declared !== undefined) expect(Number(declared)).toBe(answer.body.length)
    expect(gunzipSync(answer.body).equals(Buffer.from(body))).toBe(true)
    await waitFor(() => outcomes.length === 1, { what: 'the end of the request' })
    expect(outcomes).toMatchObject([{ status: 200, bytesOut: answer.body.length }])
    expect(outcomes[0]).not.toHaveProperty('error')
  })

  test('[R27] a client that does not take it gets every byte as it is, with Vary', async () => {
    const { send } = await lane.start(compressing(await answering(TEXT, { etag: '"v1"' })))
    for (const headers of [[], [['accept-encoding', 'identity']], [['accept-encoding', 'gzip;q=0']]] as LaneRequest['headers'][]) {
      const answer = await send({ headers: headers! })
      expect([answer.text, answer.header('vary'), answer.header('etag')]).toEqual([TEXT, 'Accept-Encoding', '"v1"'])
      expect(answer.header('content-encoding')).toBeUndefined()
      expect(answer.header('content-length')).toBe(String(TEXT.length))
    }
  })

  test('[R27] HEAD has no body, and the length of the body as it is', async () => {
    const { send } = await lane.start(compressing(await answering(TEXT)))
    const answer = await send({ method: 'HEAD', headers: GZIP })
    expect([answer.body.length, answer.header('content-encoding'), answer.header('vary')]).toEqual([0, undefined, 'Accept-Encoding'])
    expect(answer.header('content-length')).toBe(String(TEXT.length))
  })

  test('[R27] events come at once and as they are', async () => {
    let stream: ServerResponse | undefined
    const up = await service((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      stream = response
    })
    const { open } = await lane.start(compressing(up))
    const answer = await open({ headers: [['accept', 'text/event-stream'], ...GZIP!] })
    expect(answer.headers.map(([name]) => name)).not.toContain('content-encoding')
    const reader = answer.body[Symbol.asyncIterator]()
    for (const event of [`data: ${'1'.repeat(2000)}\n\n`, 'data: 2\n\n']) {
      stream!.write(event)
      expect(Buffer.from((await reader.next()).value!).toString()).toBe(event)
    }
    stream!.end()
    expect((await reader.next()).done).toBe(true)
  })

  test('[R27] an empty answer stays one, and a problem document is too short', async () => {
    const up = await service((request, response) => {
      const length = request.url === '/empty' ? '0' : undefined
      response
        .writeHead(length === undefined ? 204 : 200, { 'content-type': 'text/plain', ...(length && { 'content-length': length }) })
        .end()
    })
    const { send } = await lane.start({ ...compressing(up), routes: [{ path: '/:what', upstream: 'up' }] })
    for (const [path, status] of [
      ['/empty', 200],
      ['/none', 204],
      ['/not/found', 404],
    ] as const) {
      const answer = await send({ path, headers: GZIP })
      expect([answer.status, answer.header('content-encoding')]).toEqual([status, undefined])
    }
  })

  test('[R21] an upstream that breaks off breaks the coded body', async () => {
    const { outcomes, watch } = watching()
    const up = await service((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '999999' })
      response.write(TEXT, () => response.destroy())
    })
    const { sendAlone } = await lane.start({ ...compressing(up, [watch]), routing: { retries: 0 } })
    await expect(sendAlone({ headers: GZIP }, 'errors differ')).rejects.toThrow()
    await waitFor(() => outcomes.length === 1, { what: 'the end of the request' })
    expect(outcomes[0]!.error?.code).toBe('UPSTREAM_RESET')
  })

  test('[R21] a client that leaves ends the request and the upstream', async () => {
    const { outcomes, watch } = watching()
    const up = await service(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': String(1024 * MEGABYTE) })
      while (!response.destroyed) {
        if (!response.write(randomBytes(64 * 1024))) await drained(response)
      }
    })
    const { open } = await lane.start(compressing(up, [watch]))
    const answer = await open({ headers: GZIP })
    const reader = answer.body[Symbol.asyncIterator]()
    expect((await reader.next()).done).toBe(false)
    answer.abort()
    await expect(
      (async () => {
        for (let next = await reader.next(); next.done !== true; next = await reader.next());
        throw new Error('ended')
      })(),
    ).rejects.toThrow()
    await waitFor(() => up.requests[0]!.state === 'aborted' && outcomes.length === 1, { what: 'the end of the request' })
    expect(outcomes[0]!.error?.code).toBe('CLIENT_CLOSED')
  })
})

describeLanes(
  'compression of streams',
  (lane) => {
    test('[R27] [R16] what the upstream has said so far reaches the client while it is still open', async () => {
      let stream: ServerResponse | undefined
      const up = await service((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/plain' })
        response.flushHeaders()
        stream = response
      })
      const { open } = await lane.start(compressing(up))
      const answer = await open({ headers: GZIP })
      expect(Object.fromEntries(answer.headers)['content-encoding']).toBe('gzip')
      const gunzip = createGunzip()
      const texts: string[] = []
      gunzip.on('data', (piece: Buffer) => void texts.push(piece.toString()))
      const ended = (async () => {
        for await (const piece of answer.body) gunzip.write(piece)
        gunzip.end()
      })()
      for (const line of ['first\n', 'second\n', 'third\n']) {
        stream!.write(line)
        await waitFor(() => texts.join('').endsWith(line), { what: line })
      }
      expect(up.requests[0]!.state).toBe('open')
      stream!.end()
      await ended
    })

    test('[R16] a slow reader holds the upstream back: memory stays bounded', async () => {
      let written = 0
      const total = 64 * MEGABYTE
      const piece = randomBytes(64 * 1024)
      const up = await service(async (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/plain' })
        while (written < total && !response.destroyed) {
          written += piece.length
          if (!response.write(piece)) await drained(response)
        }
        response.end()
      })
      const { open } = await lane.start(compressing(up))
      const answer = await open({ headers: GZIP })
      let before = -1
      // What the sockets between take is the system's affair; then nothing moves any more.
      await waitFor(() => written === before || ((before = written), false), { what: 'the upstream to stop', every: 300 })
      expect(written).toBeLessThan(24 * MEGABYTE)
      const hash = createHash('sha256')
      const gunzip = createGunzip()
      let bytes = 0
      gunzip.on('data', (some: Buffer) => void (hash.update(some), (bytes += some.length)))
      for await (const some of answer.body) if (!gunzip.write(some)) await new Promise((resolve) => gunzip.once('drain', resolve))
      await new Promise((resolve) => gunzip.end(resolve))
      await waitFor(() => bytes === written, { what: 'all bytes' })
      const expected = createHash('sha256')
      for (let i = 0; i < written; i += piece.length) expected.update(piece)
      expect(hash.digest('hex')).toBe(expected.digest('hex'))
    })

    test('[R27] br, which the client likes as much', async () => {
      const { sendAlone } = await lane.start(compressing(await answering(TEXT)))
      const answer = await sendAlone({ headers: [['accept-encoding', 'gzip, deflate, br']] }, 'one lane less')
      expect([answer.header('content-encoding'), brotliDecompressSync(answer.body).toString()]).toEqual(['br', TEXT])
      const long = await lane.start(compressing(await answering(TEXT.repeat(300))))
      const streamed = await long.sendAlone({ headers: [['accept-encoding', 'br']] }, 'one lane less')
      expect(brotliDecompressSync(streamed.body).toString()).toBe(TEXT.repeat(300))
    })

    test('[R27] many answers side by side and one after the other on one connection', async () => {
      const { sendAlone } = await lane.start(compressing(await answering(TEXT.repeat(20))))
      for (let round = 0; round < 3; round++) {
        const answers = await Promise.all(Array.from({ length: 20 }, () => sendAlone({ headers: GZIP }, 'one lane less')))
        for (const { body } of answers) expect(gunzipSync(body).toString()).toBe(TEXT.repeat(20))
      }
    })
  },
  { only: ['head', 'web'], because: 'the coder of gateway.fetch cannot be flushed, so it leaves streams alone' },
)
