import { expect, test } from 'vitest'
import { farpSource } from '../src/farp.ts'
import { memoryStore } from '@octopus-gateway/core'
import { LIMITS } from '../src/limits.ts'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { mutator } from './support/mutator.ts'
import { SEEDS } from './support/seeds.ts'
import { settingsOf } from '../src/options.ts'
import { silentMeter } from '../src/silent-meter.ts'
import type { DocumentKind, RouteDefinition, RouteSet, ServiceInstance } from '@octopus-gateway/core'
import type { Fetcher } from '../src/net/fetcher.ts'

/** Manifests and schemas to mutate. `OCTOPUS_FUZZ=100000` for the long run, `OCTOPUS_FUZZ_SEED` to repeat one. */
const RUNS = Number(process.env['OCTOPUS_FUZZ'] ?? 1_500)
const SEED = Number(process.env['OCTOPUS_FUZZ_SEED'] ?? 1)
const SERVICES = 24
const KINDS: readonly DocumentKind[] = ['openapi', 'asyncapi', 'graphql', 'grpc', 'orpc']

/** Services whose manifests cannot choose their mount: everything they offer has to be below it. */
const isPinned = (index: number): boolean => index % 2 === 0
const nameOf = (index: number): string => `svc${index}`

function records(): ServiceInstance[] {
  return Array.from({ length: SERVICES }, (_, index) => ({
    id: `${nameOf(index)}-1`,
    service: nameOf(index),
    host: '10.0.0.1',
    port: 8000 + index,
    secure: false,
    ready: true,
    weight: 1,
    metadata: { 'farp.enabled': 'true' },
    provider: 'consul',
  }))
}

/** What is wrong with a route, as an attacker would want it. */
function problemOf({ path, methods = [], meta }: RouteDefinition, service: string): string | undefined {
  const where = `${methods.join(',')} ${path} of ${service}`
  if (/(?:^|\/)\.{1,2}(?:\/|$)|\/\/|\\|\p{Cc}/u.test(path)) return `${where} is not a normal path`
  if (/^\/(?:_|__)(?:\/|$)|^\/_farp(?:\/|$)|^\/__farp(?:\/|$)/.test(path)) return `${where} is reserved`
  if (meta?.['protocol'] === 'grpc') return undefined
  const other = /^\/(svc\d+)(?:\/|$)/.exec(path)?.[1]
  if (other !== undefined && other !== service) return `${where} is at the mount of ${other}`
  const index = Number(service.slice(3))
  return isPinned(index) && other !== service ? `${where} is outside of the mount` : undefined
}

test(
  `${RUNS} mutated manifests and schemas: no crash, no hang, no route outside the mount, no polluted prototype, bounded memory`,
  { timeout: 60_000 + RUNS * 20 },
  async () => {
    const random = mutator(SEED)
    let served = 0
    const manifests = { accepted: 0 }
    const schemas = new Map<string, Uint8Array>()
    const fetcher: Fetcher = {
      resolve: () => Promise.resolve(['10.0.0.1']),
      async send({ url }) {
        const index = Number(url.port) - 8000
        const answer = (body: Uint8Array, status = 200) => ({ status, header: () => undefined, body })
        if (url.pathname === '/_farp/manifest') {
          served += 1
          const { manifest, documents } = random.service(SEEDS, { name: nameOf(index), pinned: isPinned(index) })
          for (const [path, body] of documents) schemas.set(`${index}${path}`, body)
          return answer(manifest)
        }
        const body = schemas.get(`${index}${url.pathname}`)
        return body === undefined ? answer(new Uint8Array(), 404) : answer(body)
      },
    }
    const settings = settingsOf(
      { watchInterval: 10, routeLinger: 50, fetcher },
      { ...LIMITS, coalesceMs: 5, updatesPerMinute: 1e9, fetches: 64, fetchesPerService: 8 },
    )
    const source = farpSource(settings, null)
    const controller = new AbortController()
    const logged: string[] = []
    const note = (message: string, fields?: unknown): void => void logged.push(`${message} ${JSON.stringify(fields ?? {})}`)
    const host = {
      signal: controller.signal,
      log: { error: note, warn() {}, info() {}, debug() {} },
      async *instances() {
        yield records()
        await new Promise((resolve) => controller.signal.addEventListener('abort', resolve, { once: true }))
      },
      keyValues: () => undefined,
      authProviders: new Set<string>(),
      store: memoryStore(),
      applied: () => Promise.resolve(),
      on: () => ({ [Symbol.dispose]() {} }),
      meter: silentMeter,
    }
    const before = Object.getOwnPropertyNames(Object.prototype).join()
    const delay = monitorEventLoopDelay({ resolution: 10 })
    delay.enable()
    const problems = new Set<string>()
    const routes = { seen: 0 }
    let heap = 0
    let sets = 0
    const look = (set: RouteSet): void => {
      if (set.instances?.some(({ manifest }) => manifest === 'ok') === true) manifests.accepted += 1
      for (const route of set.routes) {
        routes.seen += 1
        const problem = problemOf(route, set.service)
        if (problem !== undefined) problems.add(problem)
      }
    }
    for await (const list of source.watch(host)) {
      sets += 1
      for (const set of list) look(set)
      if (sets % 50 === 0) for (const kind of KINDS) await source.federated?.(kind)
      if (sets % 200 === 0) heap = Math.max(heap, process.memoryUsage().heapUsed)
      if (served >= RUNS) break
    }
    controller.abort()
    delay.disable()
    expect([...problems].slice(0, 10).join('\n')).toBe('')
    expect(logged.slice(0, 5).join('\n')).toBe('')
    expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    // Most of what is served has to come as far as routes, or nothing was tested.
    expect(manifests.accepted).toBeGreaterThan(sets)
    expect(routes.seen).toBeGreaterThan(RUNS / 10)
    // The factor is for machines that are not quiet.
    expect(delay.max / 1e6, 'longest turn in ms').toBeLessThan(1_000 * Number(process.env['OCTOPUS_SOAK_FACTOR'] ?? 1))
    expect(heap / 2 ** 20, 'MiB of heap').toBeLessThan(700)
  },
)
