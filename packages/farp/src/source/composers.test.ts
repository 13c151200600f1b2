import { expect, test } from 'vitest'
import { Composers } from './composers.ts'
import { parseManifest } from '../manifest/parse.ts'
import { settingsOf } from '../options.ts'
import { LIMITS } from '../limits.ts'
import { record } from '../testing/harness.ts'
import type { InstanceView } from './view.ts'
import type { RouteSet } from '@octopus-gateway/core'

const NOBODY: ReadonlySet<string> = new Set()
const LOG = { error() {}, warn() {}, info() {}, debug() {} }

function viewOf(service: string, { routing = {}, status = 'healthy' }: { routing?: object; status?: string } = {}): InstanceView {
  const { manifest } = parseManifest(
    JSON.stringify({ version: '1.1.0', service_name: service, instance: { address: 'x:1', status }, routing }),
    {
      mode: 'lenient',
      newerMinor: true,
      addressKnown: true,
      limits: LIMITS,
    },
  )
  return {
    record: record(service, 80),
    address: { host: '127.0.0.1', port: 80, scheme: 'http' },
    condition: 'ok',
    isReachable: true,
    manifest,
    manifestUrl: undefined,
    schemas: [],
    generation: JSON.stringify([service, routing]),
    includeInternal: false,
    told: {},
    push: undefined,
    findings: [],
  }
}

test('a change of one service leaves the sets of all others the objects that they are', () => {
  const composers = new Composers(settingsOf({}), { log: LOG })
  const views = new Map(['a', 'b', 'c'].map((name) => [name, [viewOf(name)]]))
  const first = composers.compose(views, NOBODY)
  const { revision } = composers
  expect(composers.compose(views, NOBODY)).toEqual(first)
  expect(composers.revision).toBe(revision)
  const set = (sets: readonly RouteSet[], name: string): RouteSet | undefined => sets.find(({ service }) => service === name)
  const second = composers.compose(new Map([...views, ['b', [viewOf('b', { status: 'draining' })]]]), NOBODY)
  expect(composers.revision).toBe(revision + 1)
  expect(set(second, 'b')).not.toBe(set(first, 'b'))
  // Looked at again because its view is another object; what comes of it is the same.
  const third = composers.compose(new Map([...views, ['a', [{ ...views.get('a')![0]! }]]]), NOBODY)
  for (const name of ['a', 'c']) expect(set(third, name)).toBe(set(first, name))
})

test('a service is looked at again when what others told it changes, and only then', () => {
  const composers = new Composers(settingsOf({ rootMounts: ['root'] }), { log: LOG })
  const taker = { routing: { strategy: 'custom', base_path: '/b/x' } }
  const views = new Map([
    ['root', [viewOf('root', { routing: { strategy: 'root' } })]],
    ['taker', [viewOf('taker', taker)]],
  ])
  const codes = (sets: readonly RouteSet[], name: string): string[] =>
    sets.find(({ service }) => service === name)!.findings!.map(({ code }) => code)
  const alone = composers.compose(views, NOBODY)
  expect(codes(alone, 'taker')).not.toContain('SERVICE_NAME_TAKEN')
  const crowded = composers.compose(new Map([...views, ['b', [viewOf('b')]]]), NOBODY)
  expect(codes(crowded, 'taker')).toContain('SERVICE_NAME_TAKEN')
  // Its routes may be under the new mounts: another version, so that they are made anew.
  expect(crowded.find(({ service }) => service === 'root')!.version).not.toBe(alone.find(({ service }) => service === 'root')!.version)
  expect(codes(composers.compose(views, NOBODY), 'taker')).not.toContain('SERVICE_NAME_TAKEN')
})
