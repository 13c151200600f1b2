import type { ConsulCatalog, ConsulCheck } from './consul-catalog.ts'

/** A check as a service registers it. Only the TTL kind is run; the others keep the status they were given. */
export interface ConsulCheckDefinition {
  readonly CheckID?: string
  readonly Name?: string
  /** `30s`: critical unless it is renewed within that time. */
  readonly TTL?: string
  readonly Status?: ConsulCheck['Status']
  readonly Notes?: string
  /** `1m`: the service goes away when it was critical for that long. Consul allows no less than a minute; here any time will do. */
  readonly DeregisterCriticalServiceAfter?: string
}

/** A service as it is registered with an agent. */
export interface ConsulRegistration {
  readonly Name: string
  /** Default: the name. */
  readonly ID?: string
  readonly Tags?: readonly string[]
  /** Default: none, which means the address of the node. */
  readonly Address?: string
  readonly Port?: number
  readonly Meta?: Readonly<Record<string, string>>
  readonly Weights?: { readonly Passing: number; readonly Warning: number }
  readonly Kind?: string
  readonly Namespace?: string
  readonly Check?: ConsulCheckDefinition
  readonly Checks?: readonly ConsulCheckDefinition[]
}

/** A request that the agent refuses, with the text that Consul gives. */
export class Refused extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Milliseconds of a duration as Go writes it, of one unit. */
export function goDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  if (match === null) throw new Refused(400, `Invalid duration: time: invalid duration "${text}"`)
  return Number(match[1]) * UNITS[match[2]!]!
}

/** The agent: takes registrations, runs TTL checks, and tells the catalog. */
export class ConsulAgent {
  readonly #catalog: ConsulCatalog
  readonly #node: string
  readonly #definitions = new Map<string, ConsulCheckDefinition>()
  readonly #timers = new Map<string, NodeJS.Timeout>()

  constructor(catalog: ConsulCatalog, node: string) {
    this.#catalog = catalog
    this.#node = node
  }

  register(given: ConsulRegistration): void {
    if (given.Name === undefined || given.Name === '') throw new Refused(400, 'Missing service name')
    checkMeta(given.Meta ?? {})
    const id = given.ID === undefined || given.ID === '' ? given.Name : given.ID
    const before = this.#catalog.services.get(id)
    // An id that moves to another service leaves the old one.
    if (before !== undefined && before.Service !== given.Name) this.deregister(id)
    this.#catalog.putService({
      ID: id,
      Service: given.Name,
      Tags: given.Tags ?? [],
      Address: given.Address ?? '',
      Port: given.Port ?? 0,
      Meta: given.Meta ?? {},
      Weights: given.Weights ?? { Passing: 1, Warning: 1 },
      Kind: given.Kind ?? '',
      Namespace: given.Namespace ?? 'default',
    })
    const checks = [...(given.Check === undefined ? [] : [given.Check]), ...(given.Checks ?? [])]
    for (const [index, check] of checks.entries()) {
      const checkId = check.CheckID ?? `service:${id}${checks.length > 1 ? `:${index + 1}` : ''}`
      this.#definitions.set(checkId, check)
      this.#put(checkId, id, check.Status ?? this.#catalog.checks.get(checkId)?.Status ?? 'critical')
    }
  }

  deregister(id: string): void {
    for (const [checkId, check] of this.#catalog.checks) if (check.ServiceID === id) this.#forget(checkId)
    if (!this.#catalog.removeService(id))
      throw new Refused(404, `Unknown service ID "${id}". Ensure that the service ID is passed, not the service name.`)
  }

  /** Sets the status of a check, and gives its TTL another turn. */
  report(checkId: string, status: ConsulCheck['Status'], output: string): void {
    const check = this.#catalog.checks.get(checkId)
    const definition = this.#definitions.get(checkId)
    if (check === undefined || definition === undefined)
      throw new Refused(404, `Unknown check ID "${checkId}". Ensure that the check ID is passed, not the check name.`)
    if (definition.TTL === undefined) throw new Refused(500, `CheckID "${checkId}" does not have associated TTL`)
    this.#put(checkId, check.ServiceID, status, output)
  }

  maintain(serviceId: string, isEnabled: boolean, reason: string): void {
    const service = this.#catalog.services.get(serviceId)
    if (service === undefined)
      throw new Refused(404, `Unknown service ID "${serviceId}". Ensure that the service ID is passed, not the service name.`)
    const checkId = `_service_maintenance:${serviceId}`
    if (!isEnabled) return this.#catalog.removeCheck(checkId)
    this.#definitions.set(checkId, { Name: 'Service Maintenance Mode', Notes: reason })
    return this.#put(checkId, serviceId, 'critical')
  }

  /** Ends every timer. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #put(checkId: string, serviceId: string, status: ConsulCheck['Status'], output = ''): void {
    const { Name, Notes, TTL, DeregisterCriticalServiceAfter: after } = this.#definitions.get(checkId)!
    const service = this.#catalog.services.get(serviceId)!
    this.#catalog.putCheck({
      Node: this.#node,
      CheckID: checkId,
      Name: Name ?? `Service '${service.Service}' check`,
      Status: status,
      Notes: Notes ?? '',
      Output: output,
      ServiceID: serviceId,
      ServiceName: service.Service,
      ServiceTags: service.Tags,
      Type: TTL === undefined ? '' : 'ttl',
    })
    clearTimeout(this.#timers.get(checkId))
    if (status !== 'critical' && TTL !== undefined)
      this.#later(checkId, TTL, () => this.#put(checkId, serviceId, 'critical', 'TTL expired'))
    else if (status === 'critical' && after !== undefined) this.#later(checkId, after, () => this.deregister(serviceId))
  }

  #later(checkId: string, time: string, then: () => void): void {
    this.#timers.set(checkId, setTimeout(then, goDuration(time)).unref())
  }

  #forget(checkId: string): void {
    clearTimeout(this.#timers.get(checkId))
    this.#timers.delete(checkId)
    this.#definitions.delete(checkId)
  }
}

/** The rules of Consul for `Meta`. */
function checkMeta(meta: Readonly<Record<string, string>>): void {
  const refuse = (problem: string): never => {
    throw new Refused(400, `Invalid Service Meta: ${problem}`)
  }
  if (Object.keys(meta).length > 64) refuse('Node metadata cannot contain more than 64 key/value pairs')
  for (const [key, value] of Object.entries(meta)) {
    const pair = `Couldn't load metadata pair ('${key}', '${value}')`
    if (key === '') refuse(`${pair}: Key cannot be blank`)
    if (!/^[A-Za-z0-9_-]+$/.test(key)) refuse(`${pair}: Key contains invalid characters`)
    if (key.length > 128) refuse(`${pair}: Key is too long (limit: 128 characters)`)
    if (key.startsWith('consul-')) refuse(`${pair}: Key prefix 'consul-' is reserved for internal use`)
    if (Buffer.byteLength(value) > 512) refuse(`${pair}: Value is too long (limit: 512 characters)`)
  }
}
