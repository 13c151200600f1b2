import { createAdmin } from '@octopus-gateway/admin'
import { createGateway, memoryStore } from '@octopus-gateway/core'
import { farp } from '@octopus-gateway/farp'
import { onTestFinished } from 'vitest'
import { registryOf } from './registry.ts'
import { serve, serveFetch } from '@octopus-gateway/node'
import { startFarpService } from '@octopus-gateway/testing'
import type { FarpOptions } from '@octopus-gateway/farp'
import type { FarpService, FarpServiceOptions } from '@octopus-gateway/testing'
import type { Gateway, GatewayOptions, InstanceReport, KeyValueStore, Plugin, RouteSet, ServiceInstance } from '@octopus-gateway/core'
import type { Registry } from './registry.ts'

/** A gateway that serves on loopback: traffic at one port, its admin API at another, instances from registries that a test writes. */
export interface Running {
  readonly gateway: Gateway
  /** What it was made of, for updates. */
  readonly options: GatewayOptions
  /** Where traffic comes in. */
  readonly url: string
  /** Where the admin API and FARP's own endpoints are. */
  readonly adminUrl: string
  readonly logged: readonly Logged[]
  /** What a registry says from now on: the first one without a name. */
  announce(records: readonly ServiceInstance[], registry?: string): void
  /** Answers of the traffic. */
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  status(path: string, headers?: Readonly<Record<string, string>>): Promise<number>
  /** A JSON answer of the traffic. */
  json(path: string): Promise<Readonly<Record<string, unknown>>>
  /** A JSON answer of the admin API. */
  admin(path: string): Promise<Readonly<Record<string, unknown>>>
  set(service: string): RouteSet | undefined
  instances(service: string): readonly InstanceReport[]
  codes(service: string): readonly string[]
}

/** A line of the log. */
export interface Logged {
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** How the gateway of a test is to be. */
export interface RunningOptions {
  /** What each registry knows at first, by the kind of its provider, in the order of their providers. */
  readonly registries: Readonly<Record<string, readonly ServiceInstance[]>>
  readonly farp?: FarpOptions
  readonly plugins?: readonly Plugin[]
  readonly store?: KeyValueStore
}

/** Starts one with fast intervals; ends with the test. */
export async function startRunning({
  registries: lists,
  farp: options,
  plugins = [],
  store = memoryStore(),
}: RunningOptions): Promise<Running> {
  const registries = new Map<string, Registry>()
  for (const [name, records] of Object.entries(lists)) {
    const registry = registryOf(name)
    registry.announce(records)
    registries.set(name, registry)
  }
  const logged: Logged[] = []
  const note = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => void logged.push({ message, fields })
  const made: GatewayOptions = {
    discovery: [...registries.values()].map(({ provider }) => provider),
    sources: [farp({ watchInterval: '30ms', routeLinger: '1s', ...options })],
    plugins,
    store,
    log: { error: note, warn: note, info: note, debug() {} },
  }
  const gateway = createGateway(made)
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  await gateway.synced
  const server = await serve(gateway, { port: 0, host: '127.0.0.1' })
  onTestFinished(() => server.close({ grace: 0 }))
  const listener = await serveFetch(createAdmin(gateway), { port: 0 })
  onTestFinished(() => listener.close({ grace: 0 }))
  const get = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> => fetch(server.url + path, { headers })
  const read = async (answer: Promise<Response>): Promise<Readonly<Record<string, unknown>>> =>
    (await (await answer).json()) as Record<string, unknown>
  const set = (service: string): RouteSet | undefined => gateway.snapshot.sets.get('farp')?.find((one) => one.service === service)
  return {
    gateway,
    options: made,
    url: server.url,
    adminUrl: listener.url,
    logged,
    announce(records, name = Object.keys(lists)[0]!) {
      registries.get(name)!.announce(records)
    },
    get,
    async status(path, headers) {
      const answer = await get(path, headers)
      await answer.arrayBuffer()
      return answer.status
    },
    json: (path) => read(get(path)),
    admin: (path) => read(fetch(listener.url + path)),
    set,
    instances: (service) => set(service)?.instances ?? [],
    codes: (service) => (set(service)?.findings ?? []).map(({ code }) => code),
  }
}

/** A service that ends with the test. */
export async function startOne(options: FarpServiceOptions): Promise<FarpService> {
  const service = await startFarpService(options)
  onTestFinished(() => service.stop())
  return service
}
