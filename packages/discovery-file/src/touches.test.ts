import { expect, onTestFinished, test, vi } from 'vitest'
import { join } from 'node:path'
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { Touches } from './touches.ts'

const HOUR = 3_600_000

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'octopus-touches-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

/** What is seen before anybody would look. */
async function expectTouch(path: string, change: () => Promise<unknown>): Promise<void> {
  using touches = new Touches(path, HOUR)
  const { touched } = await touches.begin(new AbortController().signal)
  await change()
  await touched
}

test('a file that appears is seen at once, however long it was away', async () => {
  const path = join(await folder(), 'services.yaml')
  await expectTouch(path, () => writeFile(path, 'a'))
})

test('a file that is written, or replaced, is seen at once', async () => {
  const root = await folder()
  const path = join(root, 'services.yaml')
  await writeFile(path, 'a')
  await expectTouch(path, () => writeFile(path, 'b'))
  await writeFile(join(root, 'draft'), 'c')
  await expectTouch(path, () => rename(join(root, 'draft'), path))
})

test('what a link leads to is seen at once, as far away as it may be', async () => {
  const [here, there] = [await folder(), await folder()]
  await writeFile(join(there, 'services.yaml'), 'a')
  await symlink(join(there, 'services.yaml'), join(here, 'services.yaml'))
  await expectTouch(join(here, 'services.yaml'), () => writeFile(join(there, 'services.yaml'), 'b'))
})

test('where the system tells nothing, as of a folder that is not there yet, is looked from time to time', async () => {
  const root = await folder()
  using touches = new Touches(join(root, 'later/services.yaml'), 20)
  const { touched } = await touches.begin(new AbortController().signal)
  await mkdir(join(root, 'later'))
  await touched
})

test('it is over when the signal says so, before and after', async () => {
  using touches = new Touches(join(await folder(), 'services.yaml'), HOUR)
  const stop = new AbortController()
  const { touched } = await touches.begin(stop.signal)
  stop.abort()
  await touched
  await (
    await touches.begin(stop.signal)
  ).touched
  expect(stop.signal.aborted).toBe(true)
})

test('a file that is written in pieces is touched once it is left alone, and one that never is after a second', async () => {
  const path = join(await folder(), 'services.yaml')
  await writeFile(path, '')
  vi.useFakeTimers({ toFake: ['clearTimeout', 'performance', 'setTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const armed = vi.spyOn(globalThis, 'setTimeout')
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  /** Until somebody says that all is written; `write` resolves when that is seen. */
  async function begun(): Promise<{ isOver(): boolean; write(): Promise<void> }> {
    const touches = new Touches(path, HOUR)
    const end = { isReached: false }
    const { touched } = await touches.begin(new AbortController().signal)
    void touched.then(() => (end.isReached = true))
    return {
      isOver: () => end.isReached,
      async write() {
        const before = armed.mock.calls.length
        await appendFile(path, 'x')
        while (armed.mock.calls.length === before && !end.isReached) await turn()
      },
    }
  }
  const pieces = await begun()
  for (let piece = 0; piece < 3; piece++) {
    await pieces.write()
    await vi.advanceTimersByTimeAsync(45)
    expect(pieces.isOver()).toBe(false)
  }
  await vi.advanceTimersByTimeAsync(50)
  expect(pieces.isOver()).toBe(true)

  const endless = await begun()
  let passed = 0
  for (; !endless.isOver() && passed < 5_000; passed += 40) {
    await endless.write()
    await vi.advanceTimersByTimeAsync(40)
  }
  expect(passed).toBeGreaterThan(900)
  expect(passed).toBeLessThan(1_200)
})
