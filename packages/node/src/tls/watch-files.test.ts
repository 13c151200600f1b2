import { expect, onTestFinished, test } from 'vitest'
import { join } from 'node:path'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { waitFor } from '@octopus-gateway/testing'
import { watchFiles } from './watch-files.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'octopus-watch-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

function watching(files: readonly string[], pollMs?: number): { readonly count: number } {
  let count = 0
  const watcher = watchFiles(files, () => (count += 1), pollMs)
  onTestFinished(() => watcher[Symbol.dispose]())
  return {
    get count() {
      return count
    },
  }
}

test('several changes in a row are told once', async () => {
  const file = join(folder(), 'a')
  writeFileSync(file, '1')
  const told = watching([file])
  for (let i = 0; i < 20; i++) writeFileSync(file, String(i))
  await waitFor(() => told.count === 1)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(told.count).toBe(1)
})

test('a neighbour that changes is nobody’s concern', async () => {
  const path = folder()
  writeFileSync(join(path, 'a'), '1')
  const told = watching([join(path, 'a')])
  writeFileSync(join(path, 'b'), '1')
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(told.count).toBe(0)
})

test('what the system does not tell, such as a change behind a link, is seen by looking', async () => {
  const [here, there] = [folder(), folder()]
  writeFileSync(join(there, 'a'), '1')
  symlinkSync(join(there, 'a'), join(here, 'a'))
  const told = watching([join(here, 'a')], 50)
  await new Promise((resolve) => setTimeout(resolve, 150))
  writeFileSync(join(there, 'a'), 'longer')
  await waitFor(() => told.count === 1)
})

test('a folder that is not there is watched by looking', async () => {
  const file = join(folder(), 'none', 'a')
  expect(watching([file]).count).toBe(0)
})

test('after the end nothing is told', async () => {
  const file = join(folder(), 'a')
  writeFileSync(file, '1')
  let count = 0
  const watcher = watchFiles([file], () => (count += 1), 20)
  writeFileSync(file, '2')
  watcher[Symbol.dispose]()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(count).toBe(0)
})
