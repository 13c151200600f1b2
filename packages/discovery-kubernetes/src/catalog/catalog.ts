import { Groups } from './groups.ts'
import { instancesOf, type Rules } from './instances.ts'
import { isDeepStrictEqual } from 'node:util'
import { keyOf, serviceView, sliceView, type ServiceView, type SliceView } from './views.ts'
import { metadataOf, type Metadata } from './metadata.ts'
import type { ServiceInstance, ServiceSet } from '@octopus-gateway/core'

export type Kind = 'services' | 'endpointslices' | 'pods'

/** What is known of a cluster. Instances are made anew only of Services that something has happened to. */
export class Catalog {
  readonly #rules: Rules
  readonly #services = new Map<string, ServiceView>()
  readonly #slices = new Map<string, SliceView>()
  readonly #slicesOf = new Groups()
  /** Pods come and go by the thousand: nobody looks through all slices for one. */
  readonly #slicesOfPod = new Groups()
  readonly #pods = new Map<string, Metadata>()
  readonly #made = new Map<string, readonly ServiceInstance[]>()
  readonly #touched = new Set<string>()
  #order: readonly string[] = []

  constructor(rules: Rules) {
    this.#rules = rules
  }

  /** Whether instances have to be made anew: most of what happens to pods is none of their business. */
  get isTouched(): boolean {
    return this.#touched.size > 0
  }

  /** Whether a namespace has a Service. */
  hasServices(namespace: string): boolean {
    return [...this.#services.values()].some((service) => service.namespace === namespace)
  }

  /** All objects of a kind in a namespace, or in all of them. */
  replace(kind: Kind, namespace: string | undefined, objects: readonly unknown[]): void {
    const present = new Set(objects.map(keyOf))
    const isThere = (key: string): boolean => namespace === undefined || key.startsWith(`${namespace}/`)
    for (const key of this.#keys(kind)) if (isThere(key) && !present.has(key)) this.#delete(kind, key)
    for (const object of objects) this.put(kind, object)
  }

  put(kind: Kind, object: unknown): void {
    const key = keyOf(object)
    if (key === undefined) return
    switch (kind) {
      case 'services':
        this.#services.set(key, serviceView(object))
        this.#touched.add(key)
        return
      case 'endpointslices':
        this.#putSlice(key, sliceView(object))
        return
      case 'pods': {
        // Pods change all the time, and rarely in what they say of themselves.
        const metadata = metadataOf(object)
        if (isDeepStrictEqual(this.#pods.get(key), metadata)) return
        this.#pods.set(key, metadata)
        this.#touchUsers(key)
      }
    }
  }

  delete(kind: Kind, object: unknown): void {
    const key = keyOf(object)
    if (key !== undefined) this.#delete(kind, key)
  }

  /** The instances of all Services, in a fixed order, and which Services have become known that have endpoints and no port for them. */
  instances(): { readonly set: ServiceSet; readonly portless: readonly string[] } {
    const portless: string[] = []
    let isAnotherOrder = false
    for (const key of this.#touched) {
      const service = this.#services.get(key)
      const made = service === undefined ? undefined : this.#make(key, service)
      isAnotherOrder ||= (made === undefined) === this.#made.has(key)
      if (made === undefined) this.#made.delete(key)
      else this.#made.set(key, made)
      if (made?.length === 0 && this.#slicesOfService(key).some(({ endpoints }) => endpoints.length > 0)) portless.push(key)
    }
    this.#touched.clear()
    if (isAnotherOrder) this.#order = [...this.#made.keys()].sort()
    return { set: this.#order.flatMap((key) => this.#made.get(key)!), portless }
  }

  #make(key: string, service: ServiceView): ServiceInstance[] {
    return instancesOf(service, this.#slicesOfService(key), (pod) => this.#pods.get(`${service.namespace}/${pod}`), this.#rules)
  }

  #slicesOfService(key: string): SliceView[] {
    return [...this.#slicesOf.of(key)].sort().map((slice) => this.#slices.get(slice)!)
  }

  #putSlice(key: string, view: SliceView | undefined): void {
    this.#delete('endpointslices', key)
    if (view === undefined) return
    this.#slices.set(key, view)
    this.#slicesOf.add(view.service, key)
    for (const pod of podsOf(view)) this.#slicesOfPod.add(pod, key)
    this.#touched.add(view.service)
  }

  #delete(kind: Kind, key: string): void {
    switch (kind) {
      case 'services':
        if (this.#services.delete(key)) this.#touched.add(key)
        return
      case 'endpointslices': {
        const view = this.#slices.get(key)
        if (view === undefined) return
        this.#slices.delete(key)
        this.#slicesOf.delete(view.service, key)
        for (const pod of podsOf(view)) this.#slicesOfPod.delete(pod, key)
        this.#touched.add(view.service)
        return
      }
      case 'pods':
        if (this.#pods.delete(key)) this.#touchUsers(key)
    }
  }

  #keys(kind: Kind): string[] {
    return [...(kind === 'services' ? this.#services : kind === 'pods' ? this.#pods : this.#slices).keys()]
  }

  #touchUsers(podKey: string): void {
    for (const slice of this.#slicesOfPod.of(podKey)) this.#touched.add(this.#slices.get(slice)!.service)
  }
}

/** `namespace/name` of the pods behind a slice, which are in the namespace of its Service. */
function podsOf({ service, endpoints }: SliceView): string[] {
  const [namespace] = service.split('/')
  return endpoints.flatMap(({ pod }) => (pod === undefined ? [] : [`${namespace}/${pod}`]))
}
