import { ApiFailure } from './failure.ts'
import { around, clean, field, itemsOf, Outage, Pauses, textOf, Unreachable } from '@octopus-gateway/discovery-support'
import { sleep } from '@octopus-gateway/core'
import type { KubernetesClient } from './client.ts'

/** A page of a list: a few megabytes at most. */
const PAGE = 500
/** Some pages may be short, as those of caches are; a list whose pages have nothing in them must end nevertheless. */
const MOST_PAGES = 2_000
/** More than any cluster has in what is watched (150,000 pods are the largest that is supported). */
const MOST_OBJECTS = 500_000
/** A watch is asked anew from time to time; at different times, so that not all clients ask at once. Seconds. */
const WATCH_S = { least: 300, most: 600 }
/** What the server may take longer than it was asked to. Seconds. */
const GRACE_S = 30
/** A watch that has lived that long was not in vain. Milliseconds. */
const GOOD_LIFE_MS = 10_000
const PAUSE_MS = { first: 50, longest: 5_000 }
/** So many watches may break one after another before they have told anything. */
const MOST_BREAKS = 3
const FORBIDDEN_MS = 5 * 60_000

const formOf = (kind: string): string => `application/json;as=${kind};g=meta.k8s.io;v=v1`
const WHOLE = { list: 'application/json', watch: 'application/json' }
/** Metadata alone, without the rest of an object. A watch that is offered the form of lists, also as one of several, is answered and tells nothing. */
const METADATA = { list: formOf('PartialObjectMetadataList'), watch: formOf('PartialObjectMetadata') }

/** A collection of objects with namespaces, and who is told of it. A key is `namespace/name`. */
export interface Collection {
  /** `/api/v1/pods`, or `/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices` for those of one namespace. */
  readonly path: string
  /** Selects objects by their labels. Default: all of them. */
  readonly labelSelector?: string | undefined
  /** Asks for the metadata of objects and nothing else of them. Default false. */
  readonly metadataOnly?: boolean
  /** An object is there, or has changed. What it holds is as the server has sent it, and checked by nobody. */
  put(key: string, object: unknown): void
  /** An object is gone. Its key has been put before. */
  delete(key: string): void
  /** All that was there at one moment has been put, and what was not has been deleted: at the beginning, and after a history that was lost. */
  listed(): void
  /** Nobody may read it (403): it is empty from now on, and no failure, and asked for again after a pause. Default: it is one. */
  forbidden?(): void
  /** How long that pause is, a tenth more or less. Milliseconds; default 300,000, which is five minutes. */
  readonly forbiddenPause?: number
}

/**
 * Lists a collection and follows what becomes of it, until `signal` aborts. A watch that ends or breaks is continued where it was, one whose history is gone
 * (410) begins again with a list, and whatever ends at once is asked for in growing pauses, from 50 ms to 5 s. Rejects with an `Outage` when the server refuses
 * or cannot be reached, when a watch says what cannot be read or breaks four times before it tells anything, and as `signal` aborts: to begin again is up to
 * the caller.
 */
export async function mirror(client: KubernetesClient, collection: Collection, signal: AbortSignal): Promise<void> {
  const { forbiddenPause = FORBIDDEN_MS } = collection
  const source: Source = { client, collection, signal, known: new Set() }
  while (!signal.aborted) {
    try {
      await follow(source)
    } catch (thrown) {
      if (collection.forbidden === undefined || !hasStatus(thrown, 403)) throw thrown
      replace(source, [])
      collection.listed()
      collection.forbidden()
      await sleep(around(forbiddenPause), signal)
    }
  }
}

interface Source {
  readonly client: KubernetesClient
  readonly collection: Collection
  readonly signal: AbortSignal
  /** The keys that have been put. */
  readonly known: Set<string>
}

async function follow(source: Source): Promise<void> {
  const { collection, signal } = source
  const pauses = new Pauses(PAUSE_MS.first, PAUSE_MS.longest)
  let revision: string | undefined
  let breaks = 0
  while (!signal.aborted) {
    if (revision === undefined) {
      // Reading the pages may take longer than the server keeps their revision.
      const listed = (await list(source).catch(unlessGone)) ?? (await list(source))
      replace(source, listed.objects)
      collection.listed()
      revision = listed.revision
    }
    const since = performance.now()
    const end: End | undefined = await watch(source, revision).catch(unlessGone)
    const isGood = performance.now() - since > GOOD_LIFE_MS
    // An event that breaks every connection would be asked for all the time, and what comes after it never told.
    breaks = end?.broken === undefined || isGood || end.revision !== revision ? 0 : breaks + 1
    if (end?.broken !== undefined && breaks > MOST_BREAKS) throw end.broken
    // A server that ends every watch at once would be asked all the time.
    if (isGood) pauses.reset()
    revision = end?.revision
    await pauses.take(signal)
  }
}

/** All pages, as of one revision. */
async function list({ client, collection, signal }: Source): Promise<{ readonly objects: readonly unknown[]; readonly revision: string }> {
  const { path } = collection
  const objects: unknown[] = []
  let next = ''
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const query = { ...selectorOf(collection), limit: String(PAGE), ...(next === '' ? {} : { continue: next }) }
    const page = await client.get({ path, query, accept: formsOf(collection).list }, signal)
    for (const item of itemsOf(field(page, 'items'))) objects.push(item)
    if (objects.length > MOST_OBJECTS) throw new Outage(`${path} has more than ${MOST_OBJECTS} objects; narrow the namespaces down.`)
    const metadata = field(page, 'metadata')
    const revision = textOf(field(metadata, 'resourceVersion'))
    if (revision === undefined) throw new Outage(`GET ${path} answered with no list; check that the address is that of a Kubernetes API.`)
    next = textOf(field(metadata, 'continue')) ?? ''
    if (next === '') return { objects, revision }
  }
  throw new Outage(`GET ${path} is answered with page after page, and no last one; check that the address is that of a Kubernetes API.`)
}

/** How a watch has ended that can be continued. */
interface End {
  /** To go on from. */
  readonly revision: string
  /** Where its connection broke. */
  readonly broken?: Unreachable
}

/** Follows one watch to its end. */
async function watch({ client, collection, signal, known }: Source, from: string): Promise<End> {
  const { path } = collection
  const seconds = Math.round(WATCH_S.least + Math.random() * (WATCH_S.most - WATCH_S.least))
  const how = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: from, timeoutSeconds: String(seconds) }
  const question = { path, query: { ...selectorOf(collection), ...how }, accept: formsOf(collection).watch }
  const events = await client.stream(question, (seconds + GRACE_S) * 1000, signal)
  let revision = from
  try {
    for await (const event of events) {
      const type = field(event, 'type')
      const object = field(event, 'object')
      if (type === 'ERROR') throw endOf(object, client.host, path)
      const key = keyOf(object)
      if (key !== undefined && (type === 'ADDED' || type === 'MODIFIED')) {
        known.add(key)
        collection.put(key, object)
      } else if (key !== undefined && type === 'DELETED' && known.delete(key)) {
        collection.delete(key)
      }
      revision = textOf(field(field(object, 'metadata'), 'resourceVersion')) ?? revision
    }
  } catch (thrown) {
    // Connections break. Whatever else is wrong with what a watch says would be there in the next one as well.
    if (!(thrown instanceof Unreachable)) throw thrown
    return { revision, broken: thrown }
  }
  return { revision }
}

/** What the last event of a watch says, a `Status`. */
function endOf(status: unknown, host: string, path: string): ApiFailure {
  const reason = clean(textOf(field(status, 'message')) ?? 'no reason given')
  return new ApiFailure(Number(field(status, 'code')), `The Kubernetes API at ${host} has ended the watch of ${path}: ${reason}.`)
}

/** Makes these objects all that there is. */
function replace({ collection, known }: Source, objects: readonly unknown[]): void {
  const present = new Map(objects.map((object) => [keyOf(object), object]))
  for (const key of known) {
    if (present.has(key)) continue
    known.delete(key)
    collection.delete(key)
  }
  for (const [key, object] of present) {
    if (key === undefined) continue
    known.add(key)
    collection.put(key, object)
  }
}

/** `undefined` for what is no object with a namespace. */
function keyOf(object: unknown): string | undefined {
  const metadata = field(object, 'metadata')
  const name = textOf(field(metadata, 'name'))
  const namespace = textOf(field(metadata, 'namespace'))
  return name === undefined || namespace === undefined ? undefined : `${namespace}/${name}`
}

function selectorOf({ labelSelector }: Collection): Readonly<Record<string, string>> {
  return labelSelector === undefined ? {} : { labelSelector }
}

function formsOf({ metadataOnly = false }: Collection): typeof WHOLE {
  return metadataOnly ? METADATA : WHOLE
}

/** What is gone (410) is `undefined`. */
function unlessGone(thrown: unknown): undefined {
  if (!hasStatus(thrown, 410)) throw thrown
}

function hasStatus(thrown: unknown, status: number): boolean {
  return thrown instanceof ApiFailure && thrown.status === status
}
