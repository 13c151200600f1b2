import { describe, expect, test } from 'vitest'
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeChecks } from '@octopus-gateway/core/testing'
import { fileStore } from './file-store.ts'
import { nameOf } from './entry-file.ts'
import type { Logger } from '@octopus-gateway/core'

interface Folder extends AsyncDisposable {
  readonly path: string
  readonly logged: string[]
  readonly log: Logger
}

async function folder(): Promise<Folder> {
  const root = await mkdtemp(join(tmpdir(), 'octopus-store-'))
  const logged: string[] = []
  const note = (message: string): void => void logged.push(message)
  return {
    path: join(root, 'deep', 'store'),
    logged,
    log: { error: note, warn: note, info() {}, debug() {} },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  }
}

describe('fileStore', () => {
  for (const { name, run } of storeChecks) {
    test(name, () =>
      run(async () => {
        const at = await folder()
        const close = async (): Promise<void> => at[Symbol.asyncDispose]()
        return { store: fileStore(at.path, { pollInterval: 20 }), other: fileStore(at.path), close }
      }),
    )
  }
})

test('what is kept is there after a restart, for this user alone', async () => {
  await using at = await folder()
  await fileStore(at.path).set('a', '1')
  expect(await fileStore(at.path).get('a')).toBe('1')
  expect(await readdir(at.path)).toEqual([nameOf('a')])
  expect((await stat(join(at.path, nameOf('a')))).mode & 0o777).toBe(0o600)
  expect((await stat(at.path)).mode & 0o777).toBe(0o700)
})

test('a torn file, a foreign one and a copy are said once, left alone, and no entries', async () => {
  await using at = await folder()
  const store = fileStore(at.path, { log: at.log })
  await store.set('good', '1')
  await writeFile(join(at.path, nameOf('torn')), '{"octopusStore":1,"key":"torn","val')
  await writeFile(join(at.path, 'package.json'), '{"name":"somebody else\'s"}')
  await writeFile(join(at.path, 'copy.json'), JSON.stringify({ octopusStore: 1, key: 'good', value: '2' }))
  await writeFile(join(at.path, 'null.json'), 'null')
  await writeFile(join(at.path, 'README'), 'not ours')
  for (let round = 0; round < 2; round++) expect(await store.list('')).toEqual([{ key: 'good', value: '1' }])
  expect(await store.get('torn')).toBeUndefined()
  expect(at.logged).toHaveLength(4)
  expect(await readdir(at.path)).toHaveLength(6)
  await store.set('torn', 'whole again')
  expect(await store.get('torn')).toBe('whole again')
  expect(await store.list('t')).toEqual([{ key: 'torn', value: 'whole again' }])
})

test('a file in the place of the folder is an empty store that cannot be written', async () => {
  await using at = await folder()
  await fileStore(at.path).set('a', '1')
  const path = join(at.path, nameOf('a'))
  const store = fileStore(path, { log: at.log })
  expect(await store.list('')).toEqual([])
  expect(await store.get('a')).toBeUndefined()
  await expect(store.set('b', '1')).rejects.toThrow('EEXIST')
  expect(at.logged).toEqual(['the store is not a folder; nothing is kept'])
})

test('what a cut-short write or an expired entry left behind goes away in time', async () => {
  await using at = await folder()
  const store = fileStore(at.path)
  await store.set('a', '1', { ttl: 1 })
  const [old, young] = [join(at.path, '.x.json.1.1.tmp'), join(at.path, '.x.json.1.2.tmp')]
  for (const path of [old, young]) await writeFile(path, '{')
  await utimes(old, 0, 0)
  while ((await store.list('')).length > 0);
  await store.list('')
  await store.list('')
  expect(await readdir(at.path)).toEqual(['.x.json.1.2.tmp'])
})
