import type {
  CompiledRoute,
  EndpointStatus,
  Gateway,
  ProviderStatus,
  RouteSet,
  ServiceInstance,
  Snapshot,
  Upstream,
} from '@octopus-gateway/core'

/** What a test sets of a gateway; everything else is that of a gateway without configuration. */
export interface Parts {
  readonly isSynced?: boolean
  readonly routes?: readonly CompiledRoute[]
  readonly standby?: Snapshot['standby']
  readonly upstreams?: readonly Upstream[]
  readonly endpoints?: Readonly<Record<string, readonly EndpointStatus[]>>
  readonly sets?: Readonly<Record<string, readonly RouteSet[]>>
  readonly services?: readonly ServiceInstance[]
  readonly providers?: readonly ProviderStatus[]
  readonly federated?: () => Promise<unknown>
  readonly exposition?: () => string
}

/** A gateway's outside with chosen contents, so that every state can be shown without bringing it about. */
export function gatewayWith(parts: Parts = {}): Gateway {
  const snapshot = {
    generation: 7,
    routes: parts.routes ?? [],
    upstreams: new Map((parts.upstreams ?? []).map((upstream) => [upstream.name, upstream])),
    sets: new Map(Object.entries(parts.sets ?? {})),
    standby: parts.standby ?? [],
  } as unknown as Snapshot
  return {
    fetch: async () => new Response(null, { status: 404 }),
    request: async () => new Response(null, { status: 404 }),
    ready: Promise.resolve(),
    synced: Promise.resolve(),
    provided: [],
    isSynced: parts.isSynced ?? true,
    snapshot,
    metrics: { exposition: parts.exposition ?? (() => ''), connections: () => undefined } as unknown as Gateway['metrics'],
    services: parts.services ?? [],
    providers: parts.providers ?? [],
    endpoints: (upstream) => parts.endpoints?.[upstream.name] ?? [],
    document: async () => undefined,
    federated: parts.federated ?? (async () => undefined),
    update: () => Promise.reject(new Error('not in this fixture')),
    on: () => ({ [Symbol.dispose]: () => undefined }),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** An upstream with nothing behind it. */
export function upstreamNamed(name: string, over: Partial<Upstream> = {}): Upstream {
  return {
    name,
    endpoints: [],
    handler: null,
    hostMode: 'preserve',
    transport: { protocol: 'auto', tls: null },
    balancing: { loadBalance: 'round-robin', hashOn: null, sticky: null, slowStart: null, panicThreshold: 0, zone: null },
    concurrency: null,
    ...over,
  }
}

/** A route of the head lane with default settings. */
export function routeFor(path: string, over: Partial<CompiledRoute> = {}): CompiledRoute {
  return {
    id: `config:* *${path}`,
    path,
    host: null,
    methods: null,
    priority: 50,
    source: 'config',
    service: null,
    upstream: upstreamNamed('users'),
    mirror: null,
    rules: null,
    subset: null,
    phases: {} as CompiledRoute['phases'],
    hooks: [],
    middleware: null,
    lane: 'head',
    laneReason: null,
    timeout: 30_000,
    connectTimeout: 2000,
    idleTimeout: 60_000,
    streamIdleTimeout: Infinity,
    idempotent: null,
    retry: {
      retries: 3,
      budget: 0.2,
      backoff: 25,
      maxBackoff: 1000,
      statuses: [502, 503, 504],
      grpcStatuses: [],
      maxBody: 65_536,
      perTryTimeout: Infinity,
      hedge: null,
    },
    split: null,
    auth: null,
    deprecated: false,
    ownFields: null,
    carries: { http: true, websocket: true, grpc: true },
    tags: [],
    meta: {},
    metric: 0,
    rewrite: () => undefined,
    ...over,
  }
}

/** An endpoint that is available. */
export function endpointAt(origin: string, over: Partial<EndpointStatus> = {}): EndpointStatus {
  return {
    id: origin,
    origin,
    weight: 1,
    labels: {},
    state: 'available',
    reason: null,
    since: null,
    outForMs: 0,
    active: 0,
    failures: 0,
    cuts: 0,
    refusals: 0,
    ejections: 0,
    circuit: 'closed',
    check: null,
    ...over,
  }
}

/** The `env` that a Node server hands over. */
export function envOf(remoteAddress: string, localAddress = '127.0.0.1'): unknown {
  return { incoming: { socket: { remoteAddress, localAddress } } }
}
