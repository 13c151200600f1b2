import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { service, to } from '../support/upstreams.ts'
import { waitFor } from '@octopus-gateway/testing'
import type { ServerResponse } from 'node:http'

const MEGABYTE = 1024 * 1024

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

describeLanes('streaming', (lane) => {
  test('the head and every event reach the client while the upstream is still open', async () => {
    let stream: ServerResponse | undefined
    const up = await service((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      stream = response
    })
    const { open } = await lane.start(to(up))
    // The head comes before any byte of the body exists.
    const answer = await open({ headers: [['accept', 'text/event-stream']] })
    expect(answer.status).toBe(200)
    const reader = answer.body[Symbol.asyncIterator]()
    for (const event of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
      stream!.write(event)
      const { value } = await reader.next()
      expect(Buffer.from(value!).toString()).toBe(event)
    }
    expect(up.requests[0]!.state).toBe('open')
    stream!.end()
    expect((await reader.next()).done).toBe(true)
  })

  test('an upload reaches the upstream piece by piece', async () => {
    let arrived = ''
    const up = await service((request, response) => {
      request.on('data', (piece: Buffer) => {
        arrived += piece.toString()
      })
      request.on('end', () => response.end(arrived))
    })
    const { open } = await lane.start(to(up))
    let go: () => void = () => {}
    const second = new Promise<void>((resolve) => (go = resolve))
    const answering = open({
      method: 'POST',
      body: (async function* () {
        yield Buffer.from('first ')
        await second
        yield Buffer.from('second')
      })(),
    })
    await waitFor(() => arrived === 'first ', { what: 'the first piece at the upstream' })
    go()
    const answer = await answering
    let text = ''
    for await (const piece of answer.body) text += Buffer.from(piece).toString()
    expect(text).toBe('first second')
  })

  test('[R16] a slow reader holds the upstream back: memory stays bounded', async () => {
    const total = 64 * MEGABYTE
    const piece = Buffer.alloc(64 * 1024, 0x61)
    let written = 0
    const up = await service(async (_request, response) => {
      while (written < total && !response.destroyed) {
        written += piece.length
        if (!response.write(piece)) await drained(response)
      }
      response.end()
    })
    const { open } = await lane.start(to(up))
    const answer = await open({})
    const reader = answer.body[Symbol.asyncIterator]()
    await reader.next()
    // The upstream comes to a standstill far from the end: what is under way fits into the buffers of two connections.
    let before = -1
    await waitFor(
      () => {
        const isStill = written === before
        before = written
        return isStill
      },
      { every: 150, what: 'the upstream to be held' },
    )
    expect(written).toBeLessThan(32 * MEGABYTE)
    let received = 0
    for (let next = await reader.next(); next.done !== true; next = await reader.next()) received += next.value.length
    expect(written).toBe(total)
    expect(received).toBeGreaterThan(total - 2 * MEGABYTE)
  })

  test('[R16] a slow upstream holds an upload back', async () => {
    const total = 64 * MEGABYTE
    let sent = 0
    let read: () => void = () => {}
    const go = new Promise<void>((resolve) => (read = resolve))
    const up = await service(async (request, response) => {
      await go
      let bytes = 0
      for await (const piece of request) bytes += (piece as Buffer).length
      response.end(String(bytes))
    })
    const { open } = await lane.start(to(up))
    const answering = open({
      method: 'PUT',
      body: (async function* () {
        const piece = Buffer.alloc(64 * 1024, 0x62)
        for (; sent < total; sent += piece.length) yield piece
      })(),
    })
    let before = -1
    await waitFor(
      () => {
        const isStill = sent === before && sent > 0
        before = sent
        return isStill
      },
      { every: 150, what: 'the client to be held' },
    )
    expect(sent).toBeLessThan(32 * MEGABYTE)
    read()
    const answer = await answering
    let text = ''
    for await (const piece of answer.body) text += Buffer.from(piece).toString()
    expect(text).toBe(String(total))
  })
})
