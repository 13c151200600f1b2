import { Groups } from './groups.ts'
import { instancesOf, type Rules } from './instances.ts'
import { isDeepStrictEqual } from 'node:util'
import { metadataOf, type Metadata } from './metadata.ts'
import { serviceView, sliceView, type ServiceView, type SliceView } from './views.ts'
import type { Collection } from '@octopus-gateway/kubernetes-client'
import type { ServiceInstance, ServiceSet } from '@octopus-gateway/core'

/** Where the objects of one kind are kept, by `namespace/name`. */
type Table = Pick<Collection, 'put' | 'delete'>

/** What is known of a cluster. Instances are made anew only of Services that something has happened to. */
export class Catalog {
  readonly #rules: Rules
  readonly #changed: () => void
  readonly #services = new Map<string, ServiceView>()
  readonly #slices = new Map<string, SliceView>()
  readonly #slicesOf = new Groups()
  /** Pods come and go by the thousand: nobody looks through all slices for one. */
  readonly #slicesOfPod = new Groups()
  readonly #pods = new Map<string, Metadata>()
  readonly #made = new Map<string, readonly ServiceInstance[]>()
  readonly #touched = new Set<string>()
  #order: readonly string[] = []

  readonly services: Table = {
    put: (key, object) => {
      this.#services.set(key, serviceView(key, object))
      this.#touch(key)
    },
    delete: (key) => {
      this.#services.delete(key)
      this.#touch(key)
    },
  }

  readonly slices: Table = {
    put: (key, object) => {
      this.slices.delete(key)
      const view = sliceView(key, object)
      if (view === undefined) return
      this.#slices.set(key, view)
      this.#slicesOf.add(view.service, key)
      for (const pod of podsOf(view)) this.#slicesOfPod.add(pod, key)
      this.#touch(view.service)
    },
    delete: (key) => {
      const view = this.#slices.get(key)
      if (view === undefined) return
      this.#slices.delete(key)
      this.#slicesOf.delete(view.service, key)
      for (const pod of podsOf(view)) this.#slicesOfPod.delete(pod, key)
      this.#touch(view.service)
    },
  }

  readonly pods: Table = {
    put: (key, object) => {
      // Pods change all the time, and rarely in what they say of themselves.
      const metadata = metadataOf(object)
      if (isDeepStrictEqual(this.#pods.get(key), metadata)) return
      this.#pods.set(key, metadata)
      this.#touchUsers(key)
    },
    delete: (key) => {
      this.#pods.delete(key)
      this.#touchUsers(key)
    },
  }

  /** `changed` is called when instances have to be made anew: most of what happens to pods is none of their business. */
  constructor(rules: Rules, changed: () => void) {
    this.#rules = rules
    this.#changed = changed
  }

  /** Whether a namespace has a Service. */
  hasServices(namespace: string): boolean {
    return [...this.#services.values()].some((service) => service.namespace === namespace)
  }

  /** The instances of all Services, in a fixed order, and which Services have become known that have endpoints and no port for them. */
  instances(): { readonly set: ServiceSet; readonly portless: readonly string[] } {
    const portless: string[] = []
    let isAnotherOrder = false
    for (const key of this.#touched) {
      const service = this.#services.get(key)
      const slices = this.#slicesOf.of(key).map((slice) => this.#slices.get(slice)!)
      const podOf = (name: string): Metadata | undefined => this.#pods.get(`${service?.namespace}/${name}`)
      const made = service === undefined ? undefined : instancesOf(service, slices, podOf, this.#rules)
      isAnotherOrder ||= (made === undefined) === this.#made.has(key)
      if (made === undefined) this.#made.delete(key)
      else this.#made.set(key, made)
      if (made?.length === 0 && slices.some(({ endpoints }) => endpoints.length > 0)) portless.push(key)
    }
    this.#touched.clear()
    if (isAnotherOrder) this.#order = [...this.#made.keys()].sort()
    return { set: this.#order.flatMap((key) => this.#made.get(key)!), portless }
  }

  #touch(service: string): void {
    this.#touched.add(service)
    this.#changed()
  }

  #touchUsers(pod: string): void {
    for (const slice of this.#slicesOfPod.of(pod)) this.#touch(this.#slices.get(slice)!.service)
  }
}

/** `namespace/name` of the pods behind a slice, which are in the namespace of its Service. */
function podsOf({ service, endpoints }: SliceView): string[] {
  const [namespace] = service.split('/')
  return endpoints.flatMap(({ pod }) => (pod === undefined ? [] : `${namespace}/${pod}`))
}
