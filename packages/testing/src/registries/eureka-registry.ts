/** The states of an instance. */
export type EurekaStatus = 'UP' | 'DOWN' | 'STARTING' | 'OUT_OF_SERVICE' | 'UNKNOWN'

/** An instance as it is registered. What is left out gets the values that Eureka gives it. */
export interface EurekaRegistration {
  readonly app: string
  readonly instanceId?: string
  readonly hostName: string
  readonly ipAddr?: string
  readonly status?: EurekaStatus
  readonly port?: EurekaPort | number
  readonly securePort?: EurekaPort
  readonly vipAddress?: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly dataCenterInfo?: { readonly '@class'?: string; readonly name: string; readonly metadata?: Readonly<Record<string, string>> }
  readonly leaseInfo?: { readonly renewalIntervalInSecs?: number; readonly durationInSecs?: number }
}

/** A port as Eureka writes it. */
export interface EurekaPort {
  readonly $: number
  readonly '@enabled': boolean | 'true' | 'false'
}

/** For how long an instance counts. Times are Unix milliseconds. */
export interface EurekaLease {
  readonly renewalIntervalInSecs: number
  readonly durationInSecs: number
  readonly registrationTimestamp: number
  readonly lastRenewalTimestamp: number
  readonly [name: string]: number
}

/** An instance as it is told. */
export interface EurekaInstance {
  readonly app: string
  readonly instanceId: string
  readonly status: EurekaStatus
  readonly overriddenStatus: EurekaStatus
  readonly leaseInfo: EurekaLease
  readonly [name: string]: unknown
}

interface Change {
  readonly at: number
  readonly action: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly instance: EurekaInstance
}

/** What Eureka knows: instances with their leases, and what has changed lately. */
export class EurekaRegistry {
  readonly #instances = new Map<string, EurekaInstance>()
  readonly #renewed = new Map<string, number>()
  #changes: Change[] = []
  /** An answer that is told until something else changes. */
  #kept: { readonly changes: readonly Change[]; readonly hash: string } | null = null

  register(given: EurekaRegistration): void {
    const instance = completed(given)
    const key = keyOf(instance.app, instance.instanceId)
    const action = this.#instances.has(key) ? 'MODIFIED' : 'ADDED'
    this.#put(key, instance, action)
    this.#renewed.set(key, Date.now())
  }

  /** Whether it was known, with a status: whoever has none is to register again. */
  renew(app: string, id: string): boolean {
    const key = keyOf(app, id)
    const instance = this.#instances.get(key)
    if (instance === undefined || instance.status === 'UNKNOWN') return false
    this.#renewed.set(key, Date.now())
    return true
  }

  /** When an instance was renewed last, or `undefined`. Unix milliseconds. */
  renewedAt(app: string, id: string): number | undefined {
    return this.#renewed.get(keyOf(app, id))
  }

  /** The instance with its lease as it stands. */
  get(app: string, id: string): EurekaInstance | undefined {
    const instance = this.#instances.get(keyOf(app, id))
    if (instance === undefined) return undefined
    return { ...instance, leaseInfo: { ...instance.leaseInfo, lastRenewalTimestamp: this.#renewed.get(keyOf(app, id))! } }
  }

  /** Whether it was known. */
  cancel(app: string, id: string): boolean {
    const key = keyOf(app, id)
    const instance = this.#instances.get(key)
    if (instance === undefined) return false
    this.#instances.delete(key)
    this.#renewed.delete(key)
    this.#change('DELETED', instance)
    return true
  }

  /** Sets what an operator has decided. Whether the instance was known. */
  override(app: string, id: string, status: EurekaStatus): boolean {
    return this.#decide(keyOf(app, id), { status, overriddenStatus: status })
  }

  /** Takes back what an operator has decided; the instance has `status` until it says another. Whether it was known. */
  release(app: string, id: string, status: EurekaStatus = 'UNKNOWN'): boolean {
    return this.#decide(keyOf(app, id), { status, overriddenStatus: 'UNKNOWN' })
  }

  /** Forgets an instance without a word about it among the changes, as a replica does that missed something. */
  lose(app: string, id: string): void {
    this.#instances.delete(keyOf(app, id))
  }

  /**
   * Registers at the moment when a real server makes the answer that it keeps for all who ask for changes: that one lacks the instance, and counts
   * without it, until something else changes.
   */
  registerUnseen(given: EurekaRegistration): void {
    const kept = { changes: [...this.#changes], hash: this.#hash() }
    this.register(given)
    this.#kept = kept
  }

  /** Forgets everything, as a server does that starts anew. */
  clear(): void {
    this.#instances.clear()
    this.#renewed.clear()
    this.#changes = []
    this.#kept = null
  }

  /** All that is there. */
  full(): Record<string, unknown> {
    return this.#applications([...this.#instances.values()].map((instance) => ({ ...instance, actionType: 'ADDED' })))
  }

  /** What has changed within so many milliseconds, each instance as it is now; the hash is that of all that is there. */
  delta(retention: number): Record<string, unknown> {
    this.#changes = this.#changes.filter(({ at }) => at > Date.now() - retention)
    const { changes, hash } = this.#kept ?? { changes: this.#changes, hash: this.#hash() }
    return this.#applications(
      changes.map(({ action, instance }) => ({ ...instance, actionType: action })),
      hash,
    )
  }

  #decide(key: string, decided: Pick<EurekaInstance, 'status' | 'overriddenStatus'>): boolean {
    const instance = this.#instances.get(key)
    if (instance !== undefined) this.#put(key, { ...instance, ...decided }, 'MODIFIED')
    return instance !== undefined
  }

  #put(key: string, instance: EurekaInstance, action: Change['action']): void {
    this.#instances.set(key, instance)
    this.#change(action, instance)
  }

  #change(action: Change['action'], instance: EurekaInstance): void {
    this.#changes.push({ at: Date.now(), action, instance })
    this.#kept = null
  }

  #applications(instances: readonly EurekaInstance[], hash = this.#hash()): Record<string, unknown> {
    const apps = new Map<string, EurekaInstance[]>()
    for (const instance of instances) apps.set(instance.app, [...(apps.get(instance.app) ?? []), instance])
    const application = [...apps].map(([name, instance]) => ({ name, instance }))
    return { applications: { versions__delta: '1', apps__hashcode: hash, application } }
  }

  /** `DOWN_1_UP_2_`: how many there are of each status. */
  #hash(): string {
    const counts = new Map<string, number>()
    for (const { status } of this.#instances.values()) counts.set(status, (counts.get(status) ?? 0) + 1)
    return [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([status, count]) => `${status}_${count}_`)
      .join('')
  }
}

const keyOf = (app: string, id: string): string => `${app.toUpperCase()}/${id}`

const portOf = (port: EurekaPort | number | undefined, otherwise: number, isEnabled: boolean): Record<string, unknown> =>
  typeof port === 'object'
    ? { $: port.$, '@enabled': String(port['@enabled']) }
    : { $: port ?? otherwise, '@enabled': String(port === undefined ? isEnabled : true) }

function completed(given: EurekaRegistration): EurekaInstance {
  const now = Date.now()
  const { renewalIntervalInSecs = 30, durationInSecs = 90 } = given.leaseInfo ?? {}
  const times = { registrationTimestamp: now, lastRenewalTimestamp: now, evictionTimestamp: 0, serviceUpTimestamp: now }
  const metadata = given.metadata ?? {}
  return {
    ...given,
    instanceId: given.instanceId ?? given.hostName,
    app: given.app.toUpperCase(),
    ipAddr: given.ipAddr ?? given.hostName,
    status: given.status ?? 'UP',
    overriddenStatus: 'UNKNOWN',
    port: portOf(given.port, 7001, true),
    securePort: portOf(given.securePort, 7002, false),
    countryId: 1,
    dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', ...(given.dataCenterInfo ?? { name: 'MyOwn' }) },
    leaseInfo: { renewalIntervalInSecs, durationInSecs, ...times },
    metadata: Object.keys(metadata).length === 0 ? { '@class': 'java.util.Collections$EmptyMap' } : metadata,
    isCoordinatingDiscoveryServer: 'false',
    lastUpdatedTimestamp: String(now),
    lastDirtyTimestamp: String(now),
  }
}
