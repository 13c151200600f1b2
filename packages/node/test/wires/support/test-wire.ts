import { describe, expect, test } from 'vitest'
import { ask } from './ask.ts'
import { BAD, CUT, GOOD, GOOD_THEN_DOUBTFUL } from './scripts.ts'
import { scriptedOrigin } from './scripted.ts'
import type { Expected, Script } from './scripts.ts'
import type { NodeWire } from '../../../src/flow.ts'

/** A wire and what is to be known of it. */
export interface WireUnderTest {
  readonly name: string
  createWire(): NodeWire
  /** Whether a connection is free as soon as its answer is complete; undici takes some turns of the event loop. */
  readonly reusesAtOnce: boolean
}

interface Tested {
  readonly wire: NodeWire
  readonly reusesAtOnce: boolean
}

/** What every HTTP/1.1 wire must do with the bytes of an upstream, however they are cut into packets. */
export function testWire({ name, createWire, reusesAtOnce }: WireUnderTest): void {
  describe(`responses · ${name}`, () => {
    const expectedOf = (script: Script): Expected => {
      const other = script.differs?.[name]
      return other === undefined ? script.expected : other.expected
    }

    test.each([...GOOD, ...GOOD_THEN_DOUBTFUL, ...CUT, ...BAD].map((script) => [script.title, script] as const))(
      '%s: at once, in two packets at every point, byte by byte',
      async (_title, script) => {
        const { length } = script.bytes
        const everywhere = Array.from({ length: Math.max(0, length - 1) }, (_, i) => i + 1)
        const cuts = [[], ...everywhere.map((at) => [at]), everywhere]
        for (let from = 0; from < cuts.length; from += 16) {
          await Promise.all(
            cuts.slice(from, from + 16).map(async (cut) => {
              // One for each origin: the port of an origin that has ended may be the next one's, and a kept connection would not notice.
              const wire = createWire()
              await check({ wire, reusesAtOnce }, script, expectedOf(script), cut)
              await wire.close(0)
            }),
          )
        }
      },
      60_000,
    )
  })
}

async function check({ wire, reusesAtOnce }: Tested, script: Script, expected: Expected, cuts: readonly number[]): Promise<void> {
  const origin = await scriptedOrigin(script, cuts)
  const where = `${script.title}, cut at ${cuts.length > 1 ? 'every byte' : (cuts[0] ?? 'no point')}`
  const outcome = await ask(wire, origin.origin, script.method === undefined ? {} : { method: script.method })
  if (expected === null) return
  if ('error' in expected) {
    expect(outcome.error, where).toBe(expected.error)
    return
  }
  expect(outcome.error, where).toBeUndefined()
  expect([outcome.status, outcome.body, outcome.trailers ?? []], where).toEqual([expected.status, expected.body, expected.trailers ?? []])
  expect(
    outcome.interim.map(([status]) => status),
    where,
  ).toEqual(expected.interim ?? [])
  // What comes behind an answer in a packet of its own may come after the next request.
  if (script.closes === true || (!expected.reused && cuts.length > 0)) return
  expect((await ask(wire, origin.origin)).body, where).toBe('second')
  if (!expected.reused) expect(origin.connections.accepted, where).toBe(2)
  else if (reusesAtOnce) expect(origin.connections.accepted, where).toBe(1)
}
