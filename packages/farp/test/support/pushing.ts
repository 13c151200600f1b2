import { createAdmin } from '@octopus-gateway/admin'
import { createGateway, memoryStore, staticDiscovery } from '@octopus-gateway/core'
import { expect } from 'vitest'
import { farp } from '@octopus-gateway/farp'
import { serveFetch } from '@octopus-gateway/node'
import type { FarpOptions, PushOptions } from '@octopus-gateway/farp'
import type { FarpService } from '@octopus-gateway/testing'
import type { Gateway, KeyValueStore, StaticService } from '@octopus-gateway/core'

/** An answer of the push endpoints. */
export interface Pushed {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Headers
}

/** A gateway whose admin listener takes registrations. */
export interface PushGateway extends AsyncDisposable {
  readonly gateway: Gateway
  readonly url: string
  readonly logged: readonly string[]
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Pushed>
  /** The status of a request of the traffic. */
  status(path: string): Promise<number>
}

/** How the gateway of a test is to be. */
export interface PushGatewayOptions extends PushOptions {
  readonly store?: KeyValueStore
  readonly services?: readonly StaticService[]
  readonly farp?: FarpOptions
}

export const TOKEN = 'a-token-of-the-tests'

/** Starts a gateway with fast intervals, and its admin API on a listener. */
export async function startPushGateway(options: PushGatewayOptions = {}): Promise<PushGateway> {
  const { store = memoryStore(), services = [], farp: more = {}, ...push } = options
  const logged: string[] = []
  const note = (message: string): void => void logged.push(message)
  const gateway = createGateway({
    sources: [farp({ watchInterval: 50, routeLinger: 0, push: { enabled: true, tokens: [TOKEN], ...push }, ...more })],
    discovery: services.length === 0 ? [] : [staticDiscovery(services)],
    store,
    log: { error: note, warn: note, info: note, debug() {} },
  })
  await gateway.synced
  const listener = await serveFetch(createAdmin(gateway), { port: 0 })
  return {
    gateway,
    url: listener.url,
    logged,
    async call(method, path, body, headers = { authorization: `Bearer ${TOKEN}` }) {
      const response = await fetch(`${listener.url}${path.startsWith('/_') || path.startsWith('/farp') ? path : `/_farp/v1/${path}`}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>, headers: response.headers }
    },
    status: async (path) => (await gateway.request(path)).status,
    async [Symbol.asyncDispose]() {
      await listener.close({ grace: 0 })
      await gateway[Symbol.asyncDispose]()
    },
  }
}

/** What Forge posts: once, without status and manifest. */
export function forgeInstance({ name, instanceId, port, manifestUrl }: FarpService): Readonly<Record<string, unknown>> {
  return {
    instance: {
      id: instanceId,
      service_name: name,
      service_version: '1.0.0',
      address: '127.0.0.1',
      port,
      tags: ['farp'],
      metadata: { 'farp.enabled': 'true', 'farp.manifest': manifestUrl },
    },
  }
}

/** The manifest that a service serves. */
export async function manifestOf(service: FarpService): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(service.manifestUrl)
  expect(response.status).toBe(200)
  return (await response.json()) as Record<string, unknown>
}
