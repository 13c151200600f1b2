import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { FILE, FRONTS, startFront } from './support/servers.ts'
import { httpClient, whole } from '../lanes/support/client.ts'
import { onTestFinished } from 'vitest'
import { requireComponent } from '../../../../tests/support/components.ts'
import { running, webLane } from '../support/running.ts'
import { service } from '../support/upstreams.ts'
import type { LaneAnswer, LaneRequest } from '../lanes/support/client.ts'
import type { Spoken } from './support/servers.ts'

const SPOKEN: readonly Spoken[] = ['http1', 'h2c']
const BYTES = randomBytes(1_000_000)
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

async function* pieces(): AsyncIterable<Uint8Array> {
  for (let at = 0; at < BYTES.length; at += 50_000) yield BYTES.subarray(at, at + 50_000)
}

describe.each(FRONTS)('$program as an upstream', (front) => {
  const path = requireComponent(front.program)

  describe.each(SPOKEN)('over %s', (spoken) => {
    test.skipIf(path === undefined).each(['head', 'web'])('answers as it does without a gateway · %s', async (lane) => {
      const digests: string[] = []
      const up = await service(async (request, response) => {
        const hash = createHash('sha256')
        for await (const piece of request) hash.update(piece as Buffer)
        digests.push(hash.digest('hex'))
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ url: request.url, method: request.method }))
      })
      const { origin } = await startFront(front, path!, up.port, spoken)
      const { port } = await running({
        upstreams: { up: { endpoints: [origin], protocol: spoken } },
        routes: [{ path: '/*', upstream: 'up' }],
        plugins: lane === 'web' ? webLane() : [],
      })
      const client = httpClient(port)
      onTestFinished(() => client.close())
      const send = async (request: LaneRequest): Promise<LaneAnswer> => whole(await client.open(request))

      const file = await send({ path: '/file' })
      expect([file.status, file.text === FILE.slice(0, file.text.length), file.header('content-length')]).toEqual([
        200,
        true,
        String(file.body.length),
      ])
      expect(file.body.length).toBeGreaterThanOrEqual(10_000)
      const head = await send({ method: 'HEAD', path: '/file' })
      expect([head.status, head.body.length, head.header('content-length')]).toEqual([200, 0, file.header('content-length')])
      const empty = await send({ path: '/empty' })
      expect([empty.status, empty.body.length, empty.header('transfer-encoding')]).toEqual([204, 0, undefined])
      const moved = await send({ path: '/moved' })
      expect([moved.status, moved.header('location')?.endsWith('/elsewhere')]).toEqual([302, true])

      expect((await send({ path: '/echo?a=1&a=2' })).json()).toEqual({ url: '/echo?a=1&a=2', method: 'GET' })
      expect((await send({ method: 'POST', path: '/up', body: BYTES })).json()).toEqual({ url: '/up', method: 'POST' })
      expect((await send({ method: 'PUT', path: '/up', body: pieces() })).json()).toEqual({ url: '/up', method: 'PUT' })
      expect(digests.slice(-2)).toEqual([sha(BYTES), sha(BYTES)])
      // Many on few connections: nothing of one exchange is left over for the next.
      const many = await Promise.all(Array.from({ length: 60 }, (_, i) => send({ path: `/many/${i}` })))
      expect(many.map((answer) => answer.json<{ url: string }>().url)).toEqual(Array.from({ length: 60 }, (_, i) => `/many/${i}`))
    })
  })
})
