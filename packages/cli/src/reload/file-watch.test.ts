import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from './digest.ts'
import { FileWatch } from './file-watch.ts'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { tmpdir } from 'node:os'
import { waitFor } from '@octopus-gateway/testing'

let folder: string
let told: (readonly string[])[]
let watch: FileWatch
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'octopus-watch-')))
  told = []
  // What is told here was told by the system: looking by itself would come too late for every test.
  watch = new FileWatch({ changed: (files) => told.push(files), pollMs: 3_600_000 })
})
afterEach(() => {
  watch[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

function file(name: string, text: string): string {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

/** Watches from here on. Files are also looked at once right after the reading; when that is over, only the system tells of changes. */
async function use(files: readonly string[], folders: readonly string[] = []): Promise<void> {
  await watch.use({ files: new Map(files.map((one) => [one, digestOf(readFileSync(one, 'utf8'))])), folders })
  await sleep(250)
}

const seen = (count = 1): Promise<unknown> => waitFor(() => told.length >= count, { timeout: 10_000, what: `${count} changes` })

/** As long as it takes to be sure that nothing is told any more. */
const quiet = (): Promise<void> => sleep(400)

describe('a file', () => {
  test('written over is told once, when the writing has settled', async () => {
    const path = file('a.yaml', 'a: 1')
    await use([path])
    for (let n = 2; n < 20; n++) {
      file('a.yaml', `a: ${n}`)
      await sleep(5)
    }
    await seen()
    await quiet()
    expect(told).toEqual([[path]])
  })

  test('replaced by a rename is told, again and again', async () => {
    const path = file('a.yaml', 'a: 1')
    for (let n = 1; n <= 3; n++) {
      await use([path])
      renameSync(file('.a.yaml.swp', `a: ${n + 1}`), path)
      await seen(n)
    }
    expect(told).toHaveLength(3)
  })

  test('with the contents it had is not told', async () => {
    const path = file('a.yaml', 'a: 1')
    await use([path])
    file('a.yaml', 'a: 1')
    renameSync(file('b', 'a: 1'), path)
    await quiet()
    expect(told).toEqual([])
  })

  test('that changed between being read and being watched is told', async () => {
    const path = file('a.yaml', 'a: 2')
    await watch.use({ files: new Map([[path, digestOf('a: 1')]]), folders: [] })
    await seen()
  })

  test('missing or empty for a moment is not told; one that stays away is', async () => {
    const path = file('a.yaml', 'a: 1')
    await use([path])
    unlinkSync(path)
    await sleep(300)
    file('a.yaml', '')
    await sleep(300)
    file('a.yaml', 'a: 1')
    await quiet()
    expect(told).toEqual([])
    unlinkSync(path)
    await seen()
    expect(told).toEqual([[path]])
  })

  test('beside it says nothing', async () => {
    await use([file('a.yaml', 'a: 1')])
    file('b.yaml', 'b: 1')
    await quiet()
    expect(told).toEqual([])
  })
})

describe('symbolic links', () => {
  /** As the kubelet writes a ConfigMap: a new folder, and one rename of a link. */
  function publish(version: number, text: string): void {
    file(`map/..${version}/octopus.yaml`, text)
    symlinkSync(`..${version}`, join(folder, 'map/..data_tmp'))
    renameSync(join(folder, 'map/..data_tmp'), join(folder, 'map/..data'))
  }

  test('[R33] the swap of a Kubernetes ConfigMap is told, each time', async () => {
    publish(1, 'a: 1')
    const path = join(folder, 'map/octopus.yaml')
    symlinkSync('..data/octopus.yaml', path)
    for (let version = 2; version <= 4; version++) {
      await use([path])
      publish(version, `a: ${version}`)
      rmSync(join(folder, `map/..${version - 1}`), { recursive: true })
      await seen(version - 1)
    }
    expect(told).toEqual([[path], [path], [path]])
  })

  test('a link to a mounted map elsewhere is followed to the link that is swapped', async () => {
    publish(1, 'a: 1')
    symlinkSync('..data/octopus.yaml', join(folder, 'map/octopus.yaml'))
    mkdirSync(join(folder, 'etc'))
    const path = join(folder, 'etc/octopus.yaml')
    symlinkSync('../map/octopus.yaml', path)
    await use([path])
    publish(2, 'a: 2')
    await seen()
    expect(told).toEqual([[path]])
  })

  test('a link in the middle of the path', async () => {
    file('releases/1/octopus.yaml', 'a: 1')
    file('releases/2/octopus.yaml', 'a: 2')
    symlinkSync('releases/1', join(folder, 'current'))
    const path = join(folder, 'current/octopus.yaml')
    await use([path])
    symlinkSync('releases/2', join(folder, 'next'))
    renameSync(join(folder, 'next'), join(folder, 'current'))
    await seen()
    expect(told).toEqual([[path]])
  })

  test('in a circle are no trouble', async () => {
    symlinkSync('b', join(folder, 'a'))
    symlinkSync('a', join(folder, 'b'))
    await watch.use({ files: new Map([[join(folder, 'a'), '']]), folders: [] })
    await sleep(250)
    unlinkSync(join(folder, 'a'))
    file('a', 'x')
    await seen()
  })
})

describe('a folder', () => {
  test('tells of a YAML file that came, of one that went, and of no other', async () => {
    const first = file('conf/a.yaml', 'a: 1')
    const conf = join(folder, 'conf')
    await use([first], [conf])
    file('conf/notes.txt', 'x')
    await quiet()
    expect(told).toEqual([])
    const second = file('conf/b.yml', 'b: 1')
    await seen()
    expect(told).toEqual([[second]])
    await use([first, second], [conf])
    unlinkSync(second)
    await seen(2)
    expect(told[1]).toEqual([second])
  })

  test('that was replaced by another of its name is watched on', async () => {
    const path = file('conf/a.yaml', 'a: 1')
    await use([path], [join(folder, 'conf')])
    renameSync(join(folder, 'conf'), join(folder, 'old'))
    file('conf/a.yaml', 'a: 2')
    await seen()
    await use([path], [join(folder, 'conf')])
    file('conf/a.yaml', 'a: 3')
    await seen(2)
  })
})

test('where the system tells nothing, looking from time to time does', async () => {
  watch[Symbol.dispose]()
  watch = new FileWatch({ changed: (files) => told.push(files), pollMs: 50 })
  // A folder that is not there yet cannot be watched.
  const path = join(folder, 'later/a.yaml')
  await watch.use({ files: new Map([[path, '']]), folders: [] })
  await sleep(200)
  file('later/a.yaml', 'a: 1')
  await seen()
  expect(told[0]).toEqual([path])
})

test('after its end nothing is told', async () => {
  const path = file('a.yaml', 'a: 1')
  await use([path])
  watch[Symbol.dispose]()
  file('a.yaml', 'a: 2')
  await quiet()
  expect(told).toEqual([])
})
