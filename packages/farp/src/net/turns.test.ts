import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

/** Work that runs until it is told to end. */
function worker(turns: Turns): { begin(lane: string, count?: number): void; end(lane: string): void; readonly started: string[] } {
  const started: string[] = []
  const running: { readonly lane: string; readonly end: () => void }[] = []
  return {
    started,
    begin(lane, count = 1) {
      for (let n = 0; n < count; n++) {
        void turns.run(lane, () => {
          started.push(lane)
          return new Promise<void>((end) => running.push({ lane, end }))
        })
      }
    },
    end: (lane) =>
      running
        .splice(
          running.findIndex((one) => one.lane === lane),
          1,
        )[0]!
        .end(),
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('so many at once, and so many of one lane', async () => {
  const { begin, started } = worker(new Turns(3, 2))
  begin('a', 5)
  begin('b', 5)
  await settled()
  expect(started).toEqual(['a', 'a', 'b'])
})

test('[R38] a lane in which much waits does not keep the others from their turn', async () => {
  const { begin, end, started } = worker(new Turns(4, 2))
  begin('a', 1_000)
  begin('b', 1_000)
  begin('c')
  begin('d')
  await settled()
  expect(started).toEqual(['a', 'a', 'b', 'b'])
  end('a')
  await settled()
  end('b')
  await settled()
  expect(started.slice(4)).toEqual(['c', 'd'])
})
