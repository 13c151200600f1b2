import { randomUUID } from 'node:crypto'
import { apiVersionOf, resourceOf, type Resource } from './resources.ts'

/** An object of the API, as it is written and read. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly uid?: string
    readonly resourceVersion?: string
    readonly creationTimestamp?: string
  }
  readonly [field: string]: unknown
}

/** One change, in the order of all changes. */
export interface StoreEvent {
  readonly revision: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly resource: Resource
  readonly object: KubernetesObject
  /** What it was before. Watches with a selector tell by it whether an object came or went. */
  readonly before: KubernetesObject | undefined
}

/** What a revision cannot be read from any more. */
export class Gone extends Error {}

/** All objects, and their history as far as it is not compacted. One revision counts for all kinds, as in etcd. */
export class Store {
  revision = 1000
  readonly #objects = new Map<string, KubernetesObject>()
  #events: StoreEvent[] = []
  #compacted = 0
  readonly #listeners = new Set<(event: StoreEvent) => void>()

  get(resource: Resource, namespace: string | undefined, name: string): KubernetesObject | undefined {
    return this.#objects.get(keyOf(resource, namespace, name))
  }

  /** The objects of a kind by namespace and name, now or as they were at a revision. Throws `Gone` for one that is compacted. */
  list(resource: Resource, namespace: string | undefined, at = this.revision): KubernetesObject[] {
    if (at < this.#compacted) throw new Gone()
    const found = new Map([...this.#objects].filter(([key]) => key.startsWith(keyOf(resource, namespace))))
    for (const event of this.#events.toReversed()) {
      if (event.revision <= at || event.resource !== resource) continue
      const { metadata } = event.object
      if (namespace !== undefined && metadata.namespace !== namespace) continue
      const key = keyOf(resource, metadata.namespace, metadata.name)
      if (event.before === undefined) found.delete(key)
      else found.set(key, event.before)
    }
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object)
  }

  put(object: KubernetesObject): KubernetesObject {
    const resource = resourceOf(object)
    const { name } = object.metadata
    const namespace = resource.isNamespaced ? (object.metadata.namespace ?? 'default') : undefined
    const before = this.get(resource, namespace, name)
    const metadata = {
      ...object.metadata,
      ...(namespace === undefined ? {} : { namespace }),
      uid: before?.metadata.uid ?? object.metadata.uid ?? randomUUID(),
      resourceVersion: String(this.revision + 1),
      creationTimestamp: before?.metadata.creationTimestamp ?? new Date().toISOString(),
    }
    const next = { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata }
    this.#objects.set(keyOf(resource, namespace, name), next)
    this.#tell({ type: before === undefined ? 'ADDED' : 'MODIFIED', resource, object: next, before })
    return next
  }

  delete(resource: Resource, namespace: string | undefined, name: string): KubernetesObject | undefined {
    const before = this.get(resource, namespace, name)
    if (before === undefined) return undefined
    this.#objects.delete(keyOf(resource, namespace, name))
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(this.revision + 1) } }
    this.#tell({ type: 'DELETED', resource, object, before })
    return object
  }

  /** The events after a revision, or `Gone` where some of them are forgotten. */
  since(revision: number): readonly StoreEvent[] {
    if (revision < this.#compacted) throw new Gone()
    return this.#events.filter((event) => event.revision > revision)
  }

  /** Forgets the history: what asks for an older revision gets `410 Gone`. */
  compact(): void {
    this.#compacted = this.revision
    this.#events = []
  }

  onEvent(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(event: Omit<StoreEvent, 'revision'>): void {
    this.revision += 1
    const whole = { ...event, revision: this.revision }
    this.#events.push(whole)
    for (const listener of this.#listeners) listener(whole)
  }
}

function keyOf(resource: Resource, namespace: string | undefined, name?: string): string {
  const kind = `${resource.group}/${resource.plural}/`
  if (name !== undefined) return `${kind}${namespace ?? ''}/${name}`
  return namespace === undefined ? kind : `${kind}${namespace}/`
}
