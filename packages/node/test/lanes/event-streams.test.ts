import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { service, to } from '../support/upstreams.ts'
import { waitFor } from '@octopus-gateway/testing'
import type { OpenAnswer } from './support/client.ts'
import type { ServerResponse } from 'node:http'

const WITHIN = { timeout: 100, every: 2 }

/** A service whose streams are written by the test. */
async function events(type = 'text/event-stream'): Promise<{ up: Awaited<ReturnType<typeof service>>; streams: ServerResponse[] }> {
  const streams: ServerResponse[] = []
  const up = await service((_request, response) => {
    response.writeHead(200, { 'content-type': type })
    response.flushHeaders()
    streams.push(response)
  })
  return { up, streams }
}

/** Everything that comes, as it comes. */
function listen(answer: OpenAnswer): { text: string; isEnded: boolean; isBroken: boolean } {
  const heard = { text: '', isEnded: false, isBroken: false }
  void (async () => {
    try {
      for await (const piece of answer.body) heard.text += Buffer.from(piece).toString()
      heard.isEnded = true
    } catch {
      heard.isBroken = true
    }
  })()
  return heard
}

describeLanes('event streams', (lane) => {
  test('sixty clients of as many streams get every event at once, each its own', async () => {
    const { up, streams } = await events('text/event-stream; charset=utf-8')
    const { open } = await lane.start(to(up))
    // A client of TCP keeps 64 connections.
    const clients = await Promise.all(Array.from({ length: 60 }, async () => listen(await open({ path: '/feed' }))))
    await waitFor(() => streams.length === 60)
    for (let n = 0; n < 5; n++) {
      for (const stream of streams) stream.write(`id: ${n}\ndata: event ${n}\n\n`)
      const expected = Array.from({ length: n + 1 }, (_, i) => `id: ${i}\ndata: event ${i}\n\n`).join('')
      await waitFor(() => clients.every(({ text }) => text === expected))
    }
    for (const stream of streams) stream.end()
    await waitFor(() => clients.every(({ isEnded }) => isEnded))
    await waitFor(() => up.requests.every(({ state }) => state === 'finished'))
  })

  test('silence does not cut them, unless the route says so', async () => {
    const { up, streams } = await events()
    const { open } = await lane.start({
      upstreams: { up: [up.origin] },
      routing: { idleTimeout: 60, timeout: 60 },
      routes: [
        { path: '/patient', upstream: 'up' },
        { path: '/strict', upstream: 'up', idleTimeout: 60 },
      ],
    })
    const patient = listen(await open({ path: '/patient' }))
    const strict = listen(await open({ path: '/strict' }))
    await waitFor(() => strict.isBroken)
    await new Promise((resolve) => setTimeout(resolve, 200))
    streams[0]!.write('data: late\n\n')
    await waitFor(() => patient.text === 'data: late\n\n')
    expect(patient.isBroken).toBe(false)
    expect(up.requests[1]!.state).toBe('aborted')
  })

  test('another type is no event stream: it is cut', async () => {
    const { up } = await events('text/event-streams')
    const { open } = await lane.start({ ...to(up), routing: { idleTimeout: 60 } })
    const client = listen(await open({}))
    await waitFor(() => client.isBroken)
  })

  test('[R21] a client that leaves a silent stream ends it at the upstream within 100 ms', async () => {
    const { up, streams } = await events()
    const { open } = await lane.start(to(up))
    const answer = await open({})
    const client = listen(answer)
    streams[0]!.write('data: 1\n\n')
    await waitFor(() => client.text !== '')
    answer.abort()
    await waitFor(() => up.requests[0]!.state === 'aborted', WITHIN)
  })
})

describeLanes(
  'closing event streams',
  (lane) => {
    test('[R36] a server that closes ends them between two events, long before its grace is over', async () => {
      const { up, streams } = await events()
      const { open, server } = await lane.start(to(up))
      const clients = await Promise.all(Array.from({ length: 3 }, async () => listen(await open({}))))
      await waitFor(() => streams.length === 3)
      streams[0]!.write('data: whole\n\n')
      streams[1]!.write('data: whole\r\n\r\ndata: ha')
      await waitFor(
        () =>
          clients
            .map(({ text }) => text.length)
            .sort((a, b) => a - b)
            .join() === '0,13,23',
      )
      const half = clients.find(({ text }) => text.length === 23)!
      const closing = server!.close({ grace: '10s' })
      const before = performance.now()
      await waitFor(() => clients.filter(({ isEnded }) => isEnded).length === 2)
      expect(half.isEnded).toBe(false)
      streams[1]!.write('lf\r\n\r\n')
      await waitFor(() => half.isEnded)
      expect(half.text).toBe('data: whole\r\n\r\ndata: half\r\n\r\n')
      await closing
      expect(performance.now() - before).toBeLessThan(3_000)
      await waitFor(() => up.requests.every(({ state }) => state === 'aborted'))
      expect(clients.some(({ isBroken }) => isBroken)).toBe(false)
    })

    test('[R36] one whose end is not in sight is cut when the grace is over', async () => {
      const { up, streams } = await events()
      const { open, server } = await lane.start(to(up))
      const client = listen(await open({}))
      await waitFor(() => streams.length === 1)
      streams[0]!.write('data: never ')
      await waitFor(() => client.text !== '')
      await server!.close({ grace: 200 })
      await waitFor(() => client.isBroken)
    })
  },
  { only: ['head', 'web', 'h2', 'h2-web'], because: 'gateway.fetch has no server to close' },
)
