import { randomUUID } from 'node:crypto'
import { configOf, serviceOf, validateSchema } from './service-calls.ts'
import { control } from './control.ts'
import { documentFetcher } from '../net/guarded.ts'
import { Pollers } from './poll.ts'
import { Post } from './post.ts'
import { Receiver } from './receive.ts'
import { sharesOfSets, shifts } from './shifts.ts'
import { Turns } from '../net/turns.ts'
import type { Addressee } from './addressee.ts'
import type { DocumentFetcher } from '../net/guarded.ts'
import type { GatewayEvent, RouteSet, Snapshot, SourceHost } from '@octopus-gateway/core'
import type { Settings } from '../options.ts'
import type { Shares } from './shifts.ts'

/** Milliseconds that the last message of a gateway may take. */
const FAREWELL_MS = 3_000

/** Who may be talked to. */
export interface Members {
  readonly members: readonly Addressee[]
}

/** All messages between the gateway and the services of one run. */
export class Hub {
  readonly #settings: Settings
  readonly #host: SourceHost
  readonly #fleet: Members
  readonly #fetcher: DocumentFetcher
  readonly #post: Post
  readonly #pollers: Pollers
  readonly #receiver: Receiver
  readonly #subscription: Disposable
  #snapshot: Snapshot | undefined
  #shares: Shares = new Map()

  constructor(settings: Settings, host: SourceHost, fleet: Members) {
    this.#settings = settings
    this.#host = host
    this.#fleet = fleet
    const { limits, webhooks } = settings
    const { log, signal } = host
    // Turns of its own: slow receivers must not hold up manifests.
    this.#fetcher = documentFetcher(settings.fetcher, limits, new Turns(limits.fetches, limits.fetchesPerService))
    const find = (key: string): Addressee | undefined => fleet.members.find((one) => one.key === key)
    this.#post = new Post({
      settings: webhooks,
      fetcher: this.#fetcher,
      log,
      signal,
      gatewayId: `octopus-${randomUUID().slice(0, 8)}`,
      find,
    })
    this.#pollers = new Pollers({ settings: webhooks, fetcher: settings.fetcher, limits, log, find })
    this.#receiver = new Receiver({
      settings: webhooks,
      limits,
      log,
      find: (name) => fleet.members.filter(({ names }) => names.includes(name)),
      heard: (key) => this.#pollers.heard(key),
    })
    this.#subscription = host.on((event) => this.#happened(event))
  }

  /** Messages from services. */
  receive(request: Request): Promise<Response> {
    return this.#receiver.receive(request)
  }

  /** Calls that an operator has made. */
  control(request: Request): Promise<Response> {
    const { webhooks, limits } = this.#settings
    return control(request, { settings: webhooks, fetcher: this.#fetcher, limits, log: this.#host.log, members: this.#fleet.members })
  }

  /** Questions of services, which show their token. */
  async answer(request: Request, question: 'config' | 'schema'): Promise<Response> {
    const service = serviceOf(request, this.#settings.webhooks)
    if (service === undefined)
      return Response.json({ error: 'no token of a service' }, { status: 401, headers: { 'www-authenticate': 'Bearer' } })
    if (question === 'schema') return validateSchema(request, this.#settings.limits)
    if (request.method !== 'GET') return Response.json({ error: 'send GET' }, { status: 405, headers: { allow: 'GET' } })
    return configOf(service, this.#snapshot)
  }

  /** Something about the instances changed. */
  refresh(): void {
    this.#pollers.refresh(this.#settings.webhooks.poll ? this.#fleet.members : [])
  }

  /** New sets are about to be used. */
  composed(sets: readonly RouteSet[]): void {
    if (!this.#settings.webhooks.send) return
    const shares = sharesOfSets(sets)
    for (const [service, instances] of shifts(this.#shares, shares))
      this.#post.announce('traffic.shift', this.#of(service), { instances, reason: 'the instances or their weights changed' })
    this.#shares = shares
  }

  stop(): void {
    this.#subscription[Symbol.dispose]()
    this.#pollers.stop()
  }

  #of(service: string): readonly Addressee[] {
    return this.#fleet.members.filter((one) => one.service === service)
  }

  #happened(event: GatewayEvent): void {
    if (event.kind === 'snapshot') this.#snapshot = event.next
    if (!this.#settings.webhooks.send) return
    switch (event.kind) {
      case 'snapshot':
        return this.#routesChanged(event)
      case 'updated':
        return this.#post.announce('config.updated', this.#fleet.members, {})
      case 'circuit': {
        const { upstream, endpoint, isOpen, reason } = event
        const to = this.#fleet.members.filter(({ key }) => endpoint === key || endpoint === `${key}/grpc`)
        const data = { upstream, ...(isOpen ? { reason } : {}) }
        return this.#post.announce(isOpen ? 'circuit.breaker.open' : 'circuit.breaker.closed', to, data)
      }
      case 'closing':
        return event.waitFor(this.#post.farewell('gateway.shutdown', this.#fleet.members, FAREWELL_MS))
    }
  }

  #routesChanged({ next, diff }: GatewayEvent & { readonly kind: 'snapshot' }): void {
    const counts = new Map<string, { added: number; changed: number; removed: number }>()
    for (const kind of ['added', 'changed', 'removed'] as const) {
      for (const { service } of diff[kind]) {
        if (service === null) continue
        const count = counts.get(service) ?? { added: 0, changed: 0, removed: 0 }
        count[kind] += 1
        counts.set(service, count)
      }
    }
    for (const [service, count] of counts)
      this.#post.announce('routes.changed', this.#of(service), { generation: next.generation, ...count })
  }
}
