import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { FLAG, FRAME, rawH2 } from '../wires/support/raw-h2.ts'
import { rawOrigin, service, to } from '../support/upstreams.ts'
import { resetMidBody, waitFor } from '@octopus-gateway/testing'
import { whole } from './support/client.ts'
import type { Gateway } from '@octopus-gateway/core'
import type { Outcome } from '@octopus-gateway/core'
import type { Running } from './support/describe-lanes.ts'

const WITHIN = { timeout: 100, every: 2 }

function active(gateway: Gateway): number {
  return gateway.endpoints(gateway.snapshot.upstreams.get('up')!).reduce((sum, endpoint) => sum + endpoint.active, 0)
}

function recorder(): {
  outcomes: Outcome[]
  plugin: {
    name: string
    version: string
    identity: { name: string; version: string; config: unknown }
    setup(): { onFinish(ctx: unknown, outcome: Outcome): void }
  }
} {
  const outcomes: Outcome[] = []
  const plugin = {
    name: 'recorder',
    version: '1.0.0',
    identity: { name: 'recorder', version: '1.0.0', config: outcomes },
    setup: () => ({ onFinish: (_ctx: unknown, outcome: Outcome) => void outcomes.push(outcome) }),
  }
  return { outcomes, plugin }
}

async function leave({ open }: Running, request: Parameters<Running['open']>[0], ready: () => unknown): Promise<void> {
  const controller = new AbortController()
  const opening = open(request, controller.signal).then(
    (answer) => answer.abort(),
    () => {},
  )
  await waitFor(ready, { what: 'the request to be under way' })
  controller.abort()
  if (request.method !== 'STREAM') await opening
}

describeLanes('aborts', (lane) => {
  test('[R21] a client that leaves before the head ends the upstream request within 100 ms', async () => {
    const up = await service(() => {})
    const { outcomes, plugin } = recorder()
    const running = await lane.start({ ...to(up), plugins: [plugin] })
    await leave(running, {}, () => up.count === 1)
    await waitFor(() => up.requests[0]!.state === 'aborted', WITHIN)
    await waitFor(() => outcomes.length === 1, WITHIN)
    expect(outcomes[0]!.error?.code).toBe('CLIENT_CLOSED')
    expect(active(running.gateway)).toBe(0)
  })

  test('neither `onError` nor `onResponse` comes behind `onFinish` when a client leaves before the head', async () => {
    const up = await service(() => {})
    const calls: string[] = []
    const plugin = {
      name: 'order',
      version: '1.0.0',
      identity: { name: 'order', version: '1.0.0', config: calls },
      setup: () => ({
        onError: () => void calls.push('error'),
        onResponse: () => void calls.push('response'),
        onFinish: () => void calls.push('finish'),
      }),
    }
    const running = await lane.start({ ...to(up), plugins: [plugin] })
    await leave(running, {}, () => up.count === 1)
    await waitFor(() => calls.includes('finish'), WITHIN)
    await waitFor(() => up.requests[0]!.state === 'aborted')
    // The upstream has seen the end of it long after the engine.
    expect(calls.at(-1)).toBe('finish')
  })

  test('`onFinish` comes behind `onResponse`, also of an answer without a body', async () => {
    const up = await service((request, response) => void response.writeHead(request.method === 'GET' ? 204 : 200).end())
    const calls: string[] = []
    const plugin = {
      name: 'order',
      version: '1.0.0',
      identity: { name: 'order', version: '1.0.0', config: calls },
      setup: () => ({
        onResponse: () => void calls.push('response'),
        onFinish: () => void calls.push('finish'),
      }),
    }
    const { send } = await lane.start({ ...to(up), plugins: [plugin] })
    for (const method of ['GET', 'HEAD', 'POST']) {
      await send({ method })
      await waitFor(() => calls.includes('finish'), WITHIN)
      expect([method, ...calls.splice(0)]).toEqual([method, 'response', 'finish'])
    }
  })

  test('[R21] a client that leaves in the middle of the body ends the upstream request within 100 ms', async () => {
    const up = await service((_request, response) => {
      response.write('the beginning')
    })
    const { outcomes, plugin } = recorder()
    const { open, gateway } = await lane.start({ ...to(up), plugins: [plugin] })
    const answer = await open({})
    await answer.body[Symbol.asyncIterator]().next()
    answer.abort()
    await waitFor(() => up.requests[0]!.state === 'aborted', WITHIN)
    await waitFor(() => outcomes.length === 1, WITHIN)
    expect(outcomes[0]).toMatchObject({ status: 200, bytesOut: 13 })
    expect(outcomes[0]!.error?.code).toBe('CLIENT_CLOSED')
    expect(active(gateway)).toBe(0)
  })

  test('[R21] a client that leaves in the middle of its upload ends the upstream request within 100 ms', async () => {
    let started = false
    const up = await service((request) => {
      request.on('data', () => {
        started = true
      })
    })
    const running = await lane.start(to(up))
    await leave(
      running,
      {
        method: 'POST',
        body: (async function* () {
          yield Buffer.from('some')
          await new Promise((resolve) => setTimeout(resolve, 500))
        })(),
      },
      () => started,
    )
    await waitFor(() => up.requests[0]!.state === 'aborted', WITHIN)
    await waitFor(() => active(running.gateway) === 0, WITHIN)
  })

  test('[R21] an upstream that breaks off in its body breaks the client off: never a clean end', async () => {
    for (const length of [1000, 200_000]) {
      const broken = await rawOrigin(resetMidBody({ length, sent: 100 }))
      const { outcomes, plugin } = recorder()
      const { open, gateway } = await lane.start({ ...to(broken), plugins: [plugin] })
      const answer = await open({})
      expect(answer.status).toBe(200)
      await expect(whole(answer)).rejects.toThrow()
      await waitFor(() => outcomes.length === 1, WITHIN)
      expect(outcomes[0]!.error?.code).toBe('UPSTREAM_RESET')
      expect(active(gateway)).toBe(0)
    }
  })

  test('[R21] a chunked answer that breaks off is no clean end either', async () => {
    const up = await service((_request, response) => {
      response.write('a piece')
      setTimeout(() => response.destroy(), 20)
    })
    const { open } = await lane.start(to(up))
    await expect(whole(await open({}))).rejects.toThrow()
  })

  test('what an upstream says after the client has left goes nowhere and breaks nothing', async () => {
    let answer: () => void = () => {}
    const up = await service((_request, response) => {
      answer = () => void response.end('too late')
    })
    const running = await lane.start(to(up))
    await leave(running, {}, () => up.count === 1)
    answer()
    await waitFor(() => active(running.gateway) === 0)
    const next = running.open({})
    await waitFor(() => up.count === 2)
    answer()
    expect((await whole(await next)).text).toBe('too late')
  })

  test('every request finishes exactly once', async () => {
    const up = await service()
    const { outcomes, plugin } = recorder()
    const { send } = await lane.start({ ...to(up), plugins: [plugin] })
    await send({})
    await send({ method: 'HEAD' })
    await send({ method: 'POST', body: 'x' })
    await send({ path: '/a%5Cb' })
    await waitFor(() => outcomes.length >= 4)
    expect(outcomes).toHaveLength(4)
    expect(outcomes.every((outcome) => outcome.ms >= 0)).toBe(true)
  })
})

describeLanes(
  'aborts over HTTP/2',
  (lane) => {
    test('[R21] over HTTP/2 only END_STREAM ends an answer: a reset without an error before it is no clean end', async () => {
      const up = await rawH2((connection, { type, stream }) => {
        if (type === FRAME.headers) connection.head(stream, 200).data(stream, 'half').reset(stream, 0)
      })
      const { outcomes, plugin } = recorder()
      const { open } = await lane.start({
        upstreams: { up: { endpoints: [up.origin], protocol: 'h2c' } },
        routes: [{ path: '/*', upstream: 'up' }],
        plugins: [plugin],
      })
      for (let i = 1; i <= 5; i++) {
        await expect(open({}).then(whole)).rejects.toThrow()
        await waitFor(() => outcomes.length === i, WITHIN)
        expect(outcomes[i - 1]!.error?.code).toBe('UPSTREAM_RESET')
      }
    })

    test('over HTTP/2 an answer that ended before the reset without an error is whole', async () => {
      const up = await rawH2((connection, { type, stream }) => {
        if (type === FRAME.headers) connection.head(stream, 200).data(stream, 'all', FLAG.endStream).reset(stream, 0)
      })
      const { open } = await lane.start({
        upstreams: { up: { endpoints: [up.origin], protocol: 'h2c' } },
        routes: [{ path: '/*', upstream: 'up' }],
      })
      expect((await whole(await open({}))).text).toBe('all')
    })
  },
  { only: ['head', 'web', 'h2', 'h2-web'], because: "what `fetch` speaks is its platform's" },
)
