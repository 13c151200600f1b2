import { goDuration, Refused } from './consul-agent.ts'
import { consulFilter } from './consul-filter.ts'
import type { ConsulAgent, ConsulRegistration } from './consul-agent.ts'
import type { ConsulCatalog, ConsulCheck, ConsulService, ConsulValue } from './consul-catalog.ts'

/** What a request to Consul says. */
export interface ConsulRequest {
  readonly method: string
  /** Segments of the path behind `/v1/`, decoded. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly body: Buffer
}

/** An answer before it is written: text stays text, `undefined` is 404 without a body, everything else is JSON. */
export interface ConsulAnswer {
  readonly value: unknown
  /** Where it has one: what a client may wait to go beyond. */
  readonly index?: () => number
}

/** The parts that routes work on. */
export interface ConsulParts {
  readonly catalog: ConsulCatalog
  readonly agent: ConsulAgent
  readonly node: string
  readonly datacenter: string
}

/** A Consul value may have half a megabyte. */
const VALUE_LIMIT = 512 * 1024

/** The answer to a request at this moment, or `null` where Consul has no such endpoint. Throws `Refused`. */
export function consulRoute(parts: ConsulParts, request: ConsulRequest): ConsulAnswer | null {
  const { method, path } = request
  const [first, second, third, ...rest] = path
  if (first === 'kv') return keyValue(parts, request)
  if (first === 'agent' && method === 'PUT') return agentWrite(parts, request)
  if (method !== 'GET' || rest.length > 0) return null
  if (first === 'status' && second === 'leader') return { value: '127.0.0.1:8300' }
  if (first === 'agent' && second === 'self') return { value: { Config: { Datacenter: parts.datacenter, NodeName: parts.node } } }
  if (first === 'agent' && second === 'services') return { value: Object.fromEntries(parts.catalog.services) }
  if (first === 'catalog' && second === 'services') return catalogServices(parts, request)
  if (first === 'health' && second === 'service' && third !== undefined) return health(parts, request, third)
  if (first === 'health' && second === 'checks' && third !== undefined)
    return { value: [...parts.catalog.checks.values()].filter(({ ServiceName }) => ServiceName === third), index: indexOf(parts, third) }
  return null
}

const namespaceOf = (query: URLSearchParams): string => query.get('ns') ?? 'default'
const indexOf =
  ({ catalog }: ConsulParts, name: string) =>
  (): number =>
    catalog.indexOf(`service/${name}`, 'extinction')

function catalogServices({ catalog }: ConsulParts, { query }: ConsulRequest): ConsulAnswer {
  const tags = new Map<string, Set<string>>([['consul', new Set()]])
  for (const { Service, Tags, Namespace } of catalog.services.values()) {
    if (Namespace !== namespaceOf(query)) continue
    const known = tags.get(Service) ?? new Set()
    for (const tag of Tags) known.add(tag)
    tags.set(Service, known)
  }
  return { value: Object.fromEntries([...tags].map(([name, all]) => [name, [...all]])), index: () => catalog.indexOf('catalog') }
}

function health(parts: ConsulParts, { query }: ConsulRequest, name: string): ConsulAnswer {
  const { catalog, node, datacenter } = parts
  const matches = query.has('filter') ? consulFilter(query.get('filter')!) : () => true
  const tags = query.getAll('tag')
  const checksOf = ({ ID }: ConsulService): ConsulCheck[] => [...catalog.checks.values()].filter(({ ServiceID }) => ServiceID === ID)
  const found = [...catalog.services.values()].filter(
    (service) =>
      service.Service === name &&
      service.Namespace === namespaceOf(query) &&
      tags.every((tag) => service.Tags.includes(tag)) &&
      matches(service) &&
      (!isSet(query, 'passing') || checksOf(service).every(({ Status }) => Status === 'passing')),
  )
  const Node = { ID: '0a1b2c3d-0000-4000-8000-000000000001', Node: node, Address: '127.0.0.1', Datacenter: datacenter, Meta: {} }
  const serf = { Node: node, CheckID: 'serfHealth', Name: 'Serf Health Status', Status: 'passing', ServiceID: '', ServiceName: '' }
  return { value: found.map((Service) => ({ Node, Service, Checks: [serf, ...checksOf(Service)] })), index: indexOf(parts, name) }
}

/** `?passing` and `?passing=true` both set it. */
function isSet(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  return value !== null && !['false', '0'].includes(value)
}

function agentWrite({ agent }: ConsulParts, { path, query, body }: ConsulRequest): ConsulAnswer | null {
  const [, kind, action, id = ''] = path
  const done: ConsulAnswer = { value: '' }
  if (kind === 'service' && action === 'register') {
    agent.register(jsonOf(body) as ConsulRegistration)
    return done
  }
  if (kind === 'service' && action === 'deregister') {
    agent.deregister(id)
    return done
  }
  if (kind === 'service' && action === 'maintenance') {
    agent.maintain(id, query.get('enable') === 'true', query.get('reason') ?? '')
    return done
  }
  const status = ({ pass: 'passing', warn: 'warning', fail: 'critical' } as const)[action ?? '']
  if (kind !== 'check' || status === undefined) return null
  agent.report(id, status, query.get('note') ?? '')
  return done
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    throw new Refused(400, 'Request decode failed: invalid JSON')
  }
}

function keyValue({ catalog }: ConsulParts, { method, path, query, body }: ConsulRequest): ConsulAnswer | null {
  const key = path.slice(1).join('/')
  if (method === 'PUT') {
    if (key === '') throw new Refused(400, 'Missing key name')
    if (body.length > VALUE_LIMIT)
      throw new Refused(
        413,
        `Request body(${body.length} bytes) too large, max size: ${VALUE_LIMIT} bytes. See https://developer.hashicorp.com/docs/agent/config/config-files#kv_max_value_size.`,
      )
    catalog.putValue(key, body, Number(query.get('flags') ?? 0))
    return { value: true }
  }
  if (method === 'DELETE') {
    for (const found of catalog.values.keys())
      if (found === key || (query.has('recurse') && found.startsWith(key))) catalog.removeValue(found)
    return { value: true }
  }
  if (method !== 'GET') return null
  const index = (): number => catalog.indexOf(`kv/${key}`, 'kv')
  const found = [...catalog.values].filter(([name]) => (query.has('recurse') || query.has('keys') ? name.startsWith(key) : name === key))
  if (found.length === 0) return { value: undefined, index }
  if (query.has('keys')) return { value: found.map(([name]) => name), index }
  if (query.has('raw')) return { value: found[0]![1].value, index }
  return { value: found.map(([name, value]) => valueOf(name, value)), index }
}

const valueOf = (Key: string, { value, flags, createIndex, modifyIndex }: ConsulValue): Record<string, unknown> => ({
  LockIndex: 0,
  Key,
  Flags: flags,
  Value: value.length === 0 ? null : value.toString('base64'),
  CreateIndex: createIndex,
  ModifyIndex: modifyIndex,
})

/** How long a question may wait. Milliseconds; at most ten minutes, and five unless it says so, plus a little by chance. */
export function waitOf(query: URLSearchParams, longest: number): number {
  const asked = query.has('wait') ? goDuration(query.get('wait')!) : 300_000
  const wait = Math.min(asked, longest)
  return Math.round(wait + (Math.random() * wait) / 16)
}
