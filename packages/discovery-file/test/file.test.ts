import { expect, onTestFinished, test } from 'vitest'
import { errorOf, watched, type Line } from '../../../tests/support/finding.ts'
import { fileDiscovery } from '@octopus-gateway/discovery-file'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { waitFor } from '@octopus-gateway/testing'
import type { Gateway } from '@octopus-gateway/core'

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'octopus-file-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

const watching = (path: string, lines?: Line[]): Gateway => watched(fileDiscovery({ path }), lines)

test('a file in YAML, with everything that an instance can say', async () => {
  const path = join(await folder(), 'services.yaml')
  await writeFile(
    path,
    `services:
  - { name: users, address: "[::1]", port: 8081, id: u1, secure: true, ready: false, weight: 3, zone: a, version: v2, metadata: { farp.enabled: "true" } }
  - { name: users, address: users.local, port: 8082 }
`,
  )
  const gateway = watching(path)
  await gateway.synced
  expect(gateway.services).toEqual([
    {
      id: 'u1',
      service: 'users',
      host: '::1',
      port: 8081,
      secure: true,
      ready: false,
      weight: 3,
      zone: 'a',
      version: 'v2',
      metadata: { 'farp.enabled': 'true' },
      provider: 'file',
    },
    {
      id: 'users@users.local:8082',
      service: 'users',
      host: 'users.local',
      port: 8082,
      secure: false,
      ready: true,
      weight: 1,
      metadata: {},
      provider: 'file',
    },
  ])
})

test('a file that is swapped behind a link, as Kubernetes swaps a ConfigMap, is read again', async () => {
  const root = await folder()
  const write = async (version: string, port: number): Promise<void> => {
    await mkdir(join(root, version))
    await writeFile(join(root, version, 'services.json'), JSON.stringify([{ name: 'users', address: '127.0.0.1', port }]))
    await symlink(version, join(root, '..data_tmp'))
    await rename(join(root, '..data_tmp'), join(root, '..data'))
  }
  await write('..v1', 8081)
  await symlink(join('..data', 'services.json'), join(root, 'services.json'))
  const gateway = watching(join(root, 'services.json'))
  await gateway.synced
  expect(gateway.services.map(({ port }) => port)).toEqual([8081])
  await write('..v2', 8082)
  await waitFor(() => gateway.services[0]?.port === 8082)
})

test('a broken file names place and problem, and what was read last keeps counting', async () => {
  const path = join(await folder(), 'services.yaml')
  const good = '- { name: users, address: 127.0.0.1, port: 8081 }\n'
  await writeFile(path, good)
  const gateway = watching(path)
  await gateway.synced
  for (const [text, problem] of [
    ['- { name: users, address: 127.0.0.1, port: "8081" }\n', /services\.yaml: 0\.port: /],
    ['services: [{ name: users, addres: x, port: 1 }]\n', /services\.yaml: services\.0\.addres/],
    ['- { name: [\n', /services\.yaml: .* at line \d+, column \d+/],
    ['', /services\.yaml: the file is empty; write \[\]/],
  ] as const) {
    await writeFile(path, text)
    await waitFor(() => problem.test(gateway.providers[0]!.error ?? ''))
    expect(gateway.services.map(({ port }) => port)).toEqual([8081])
    await writeFile(path, good)
    await waitFor(() => gateway.providers[0]!.state === 'synced')
  }
  await writeFile(path, '[]\n')
  await waitFor(() => gateway.services.length === 0)
})

test('a file that is away is told once, nobody waits for another try, and its appearance is the end of it', async () => {
  const path = join(await folder(), 'services.yaml')
  const good = '- { name: users, address: 127.0.0.1, port: 8081 }\n'
  const lines: Line[] = []
  const gateway = watching(path, lines)
  expect(await errorOf(gateway)).toMatch(/services\.yaml cannot be read \(ENOENT\): there is no such file; check path, or write it\.$/)
  expect(gateway.isSynced).toBe(false)
  await writeFile(path, good)
  await gateway.synced
  await rm(path)
  await waitFor(() => gateway.providers[0]!.state === 'failing')
  expect(gateway.services.map(({ port }) => port)).toEqual([8081])
  await mkdir(path)
  await waitFor(() => /\(EISDIR\): it is a folder; name a file in it/.test(gateway.providers[0]!.error ?? ''))
  await rm(path, { recursive: true })
  // The same as before it was away.
  await writeFile(path, good)
  await waitFor(() => gateway.providers[0]!.state === 'synced')
  const told = lines.filter(({ message }) => message.startsWith('discovery provider'))
  const failures = told.filter(({ message }) => message.includes('failed'))
  expect(failures.every(({ fields }) => fields?.['retry_in_ms'] === undefined)).toBe(true)
  expect(failures.filter(({ fields }) => String(fields?.['reason']).includes('EISDIR'))).toHaveLength(1)
  expect(told.at(-1)).toMatchObject({ message: 'discovery provider is back', fields: { outage_ms: expect.any(Number) as number } })
})

test('aliases that lead to nothing, or multiply, are problems of the file', async () => {
  const path = join(await folder(), 'services.yaml')
  await writeFile(path, '- *nobody\n')
  const gateway = watching(path)
  expect(await errorOf(gateway)).toMatch(/services\.yaml: Unresolved alias/)
  const levels = Array.from({ length: 9 }, (_, n) => `- &a${n + 1} [${Array.from({ length: 9 }, () => `*a${n}`).join(', ')}]`)
  await writeFile(path, `- &a0 [x]\n${levels.join('\n')}\n`)
  await waitFor(() => /services\.yaml: .*alias count/.test(gateway.providers[0]!.error ?? ''))
})

test('an option that is wrong is a reason that names it', async () => {
  expect(await errorOf(watching(''))).toMatch(/path.*write the path of a file/)
})
