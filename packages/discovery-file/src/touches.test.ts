import { expect, onTestFinished, test } from 'vitest'
import { join } from 'node:path'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
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
