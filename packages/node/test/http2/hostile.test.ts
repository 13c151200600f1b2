import { ask, session } from './support/client.ts'
import { expect, test } from 'vitest'
import { FRAME_TYPES, rawHttp2, statusOf, waitFor } from '@octopus-gateway/testing'
import { active, running } from '../support/running.ts'
import { HOSTILE } from './hostile-frames.ts'
import { service, to } from '../support/upstreams.ts'
import type { RawHttp2 } from '@octopus-gateway/testing'

function goodbye(raw: RawHttp2): number | undefined {
  return raw.frames.find(({ type }) => type === FRAME_TYPES.goaway)?.payload.readUInt32BE(4)
}

/** What became of an attack: the strongest refusal that came. */
function refusal(raw: RawHttp2): string | undefined {
  if ((goodbye(raw) ?? 0) !== 0) return 'connection'
  const head = raw.frames.find(({ type }) => type === FRAME_TYPES.headers)
  if (head !== undefined) return String(statusOf(head.payload))
  const reset = raw.frames.find(({ type }) => type === FRAME_TYPES.reset)
  if (reset !== undefined && reset.payload.readUInt32BE(0) !== 0) return 'stream'
  return raw.ended === undefined ? undefined : 'connection'
}

test('there are at least forty, each with a title of its own', () => {
  expect(new Set(HOSTILE.map(({ title }) => title)).size).toBe(HOSTILE.length)
  expect(HOSTILE.length).toBeGreaterThanOrEqual(40)
})

test.each(HOSTILE)(
  '[R29] $title ($rule): refused, nothing reaches the upstream, others are served',
  async ({ frames, bare, ...expected }) => {
    const up = await service(() => {})
    // The connection of a client that breaks the rules ends at the latest when it has been idle for as long as any other may be.
    const timeouts = { header: '1s', keepAlive: '1s', idle: '300ms' } as const
    const { port, gateway } = await running({ ...to(up), routes: [{ path: '/:name', upstream: 'up' }] }, { timeouts })
    using raw = rawHttp2(port, { preface: bare !== true })
    for (const piece of frames) raw.write(piece)
    await waitFor(() => refusal(raw) !== undefined, { what: 'a refusal' })
    if (expected.refused === 'connection') {
      await waitFor(() => refusal(raw) === 'connection', { what: 'the end of the connection' })
      if (expected.code !== undefined) expect(goodbye(raw)).toBe(expected.code)
      await waitFor(() => raw.ended !== undefined, { what: 'the connection to be closed' })
    } else expect([String(expected.refused), 'connection']).toContain(refusal(raw))
    if (expected.mayOpen !== true) expect(up.count).toBe(0)
    await waitFor(() => up.requests.every((request) => request.state === 'aborted'), { what: 'what had begun to be given up' })
    expect((await ask(session(port), { ':path': '/not/found' })).status).toBe(404)
    raw.socket.destroy()
    await waitFor(() => active(gateway) === 0, { what: 'what had begun to be given up' })
  },
)
