import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { goProgram } from '../scripts/lib/go-program.mjs'
import { tagsOfTitle } from '../scripts/check/titles.mjs'
import { topological, type WorkspacePackage } from '../scripts/lib/workspace.mjs'
import { root } from './support/process.ts'

test.each(['setup', 'start', 'test', 'build'])('npm run %s on an old Node says which version it needs', (script) => {
  const older = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.17.0"})'
  const { status, stderr } = spawnSync(process.execPath, ['--import', older, join(root, `scripts/${script}.mjs`)], { encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr.trim()).toMatch(/^Octopus needs Node 20\.18\.1 or newer, this is 20\.17\.0\./)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})

const named = (name: string, ...dependencies: string[]): WorkspacePackage => ({
  folder: name,
  dir: name,
  manifest: { name, dependencies: Object.fromEntries(dependencies.map((one) => [one, '*'])) },
})

test('packages are built after what they depend on', () => {
  const order = topological([named('cli', 'node', 'core'), named('node', 'core', 'undici'), named('core')])
  expect(order.map((one) => one.folder)).toEqual(['core', 'node', 'cli'])
})

test('a circle is named', () => {
  expect(() => topological([named('a', 'b'), named('b', 'a')])).toThrow('packages depend on each other: a -> b -> a')
})

test('a title belongs to the tags that it begins with', () => {
  expect(tagsOfTitle('[X14] [Y1.2.some-word] strips what must not travel')).toEqual(['X14', 'Y1.2.some-word'])
  expect(tagsOfTitle('[X3]admin')).toEqual(['X3'])
  expect(tagsOfTitle('like [R9], but not it')).toEqual([])
})

test('what cannot be built without Go says so', async () => {
  vi.stubEnv('PATH', '/nowhere')
  onTestFinished(() => void vi.unstubAllEnvs())
  await expect(goProgram({ name: 'nothing', module: 'example.com/nothing', version: '0.0.0' })).rejects.toThrow('there is no Go here')
})
