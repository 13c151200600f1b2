import type { KubernetesObject, Store, StoreEvent } from './store.ts'
import type { Resource } from './resources.ts'
import type { ServerResponse } from 'node:http'

/** What a watch wants to hear of. */
export interface WatchRequest {
  readonly resource: Resource
  readonly namespace: string | undefined
  readonly selects: (object: KubernetesObject) => boolean
  readonly shape: (object: KubernetesObject) => object
  /** Events after this revision. */
  readonly since: number
  readonly bookmarks: boolean
  /** Milliseconds until the server ends the watch by itself. */
  readonly timeout: number
}

// A longer timer would fire at once.
const LONGEST = 2_147_483_647

/** One open watch. */
export class Watch {
  readonly #response: ServerResponse
  readonly #request: WatchRequest
  readonly #store: Store
  readonly #end: () => void

  /** `events` is what has happened since the revision that was asked for. */
  constructor(store: Store, events: readonly StoreEvent[], request: WatchRequest, response: ServerResponse) {
    this.#store = store
    this.#request = request
    this.#response = response
    for (const event of events) this.#tell(event)
    const stop = store.onEvent((event) => this.#tell(event))
    const timer = setTimeout(() => this.#finish(), Math.min(request.timeout, LONGEST))
    this.#end = () => {
      clearTimeout(timer)
      stop()
    }
    response.on('close', this.#end)
  }

  /** Tells of what is there already, as a watch without a revision begins. */
  addAll(objects: readonly KubernetesObject[]): void {
    for (const object of objects) this.#write('ADDED', this.#request.shape(object))
  }

  /** Tells the revision that everything up to it has been told. */
  bookmark(): void {
    if (!this.#request.bookmarks) return
    const { kind, group, version } = this.#request.resource
    const apiVersion = group === '' ? version : `${group}/${version}`
    const metadata = { resourceVersion: String(this.#store.revision), creationTimestamp: null }
    this.#write('BOOKMARK', { kind, apiVersion, metadata })
  }

  /** Ends it as a server does that has forgotten what comes next. */
  expire(status: object): void {
    this.#write('ERROR', status)
    this.end()
  }

  /** Ends it without a word, as a server does that goes away. */
  end(): void {
    this.#end()
    this.#response.end()
  }

  #finish(): void {
    this.bookmark()
    this.end()
  }

  #tell({ type, resource, object, before }: StoreEvent): void {
    const { namespace, selects } = this.#request
    if (resource !== this.#request.resource || (namespace !== undefined && object.metadata.namespace !== namespace)) return
    // To a watch with a selector, an object that is no longer selected is gone.
    const was = before !== undefined && selects(before)
    const is = type !== 'DELETED' && selects(object)
    if (!was && !is) return
    this.#write(is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED', this.#request.shape(object))
  }

  #write(type: string, object: object): void {
    this.#response.write(`${JSON.stringify({ type, object })}\n`)
  }
}
