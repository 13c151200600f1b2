import { Failure } from './failure.ts'
import { field, itemsOf, Pauses, textOf } from '@octopus-gateway/discovery-support'
import type { Client } from './client.ts'

/** A page of a list: a few megabytes at most. */
const PAGE = 500
/** More than any cluster has in what is watched (150,000 pods are the largest that is supported). */
const MOST_OBJECTS = 500_000
/** A watch is asked anew from time to time; at different times, so that not all clients ask at once. Seconds. */
const WATCH_S = { least: 300, most: 600 }
/** A watch that has lived that long was not in vain. Milliseconds. */
const GOOD_LIFE_MS = 10_000
const PAUSE_MS = { first: 50, longest: 5_000 }

/** A collection of the API that is kept up to date here. */
export interface Collection {
  readonly path: string
  /** What selects its objects. */
  readonly query: Readonly<Record<string, string>>
  /** The forms that a list and a watch are wanted in. */
  readonly accept: { readonly list: string; readonly watch: string }
  /** All that there is. */
  replace(objects: readonly unknown[]): void
  put(object: unknown): void
  delete(object: unknown): void
}

/**
 * Lists a collection, tells so, and follows what becomes of it, until `signal` aborts. A watch that ends is continued where it was, one whose
 * history is gone (410) begins again with a list. Rejects when the API server cannot be reached or refuses.
 */
export async function mirror(client: Client, collection: Collection, listed: () => void, signal: AbortSignal): Promise<void> {
  const pauses = new Pauses(PAUSE_MS.first, PAUSE_MS.longest)
  let revision: string | undefined
  while (!signal.aborted) {
    if (revision === undefined) {
      revision = await list(client, collection, signal)
      listed()
    }
    const since = performance.now()
    revision = await follow(client, collection, revision, signal)
    // A server that ends every watch at once would be asked all the time.
    if (performance.now() - since > GOOD_LIFE_MS) pauses.reset()
    await pauses.take(signal)
  }
}

/** All pages, as of one revision, which it returns. */
async function list(client: Client, { path, query, accept, replace }: Collection, signal: AbortSignal): Promise<string> {
  for (let isSecond = false; ; isSecond = true) {
    const found: unknown[] = []
    let next: string | undefined
    try {
      do {
        const part = { limit: String(PAGE), ...(next === undefined ? {} : { continue: next }) }
        const page = await client.get({ path, query: { ...query, ...part }, accept: accept.list }, signal)
        for (const item of itemsOf(field(page, 'items'))) found.push(item)
        if (found.length > MOST_OBJECTS) throw new Error(`${path} has more than ${MOST_OBJECTS} objects; narrow the namespaces down.`)
        const metadata = field(page, 'metadata')
        next = textOf(field(metadata, 'continue')) || undefined
        const revision = textOf(field(metadata, 'resourceVersion'))
        if (revision === undefined)
          throw new Error(`GET ${path} answered with no list; check that the address is that of a Kubernetes API.`)
        if (next === undefined) {
          replace(found)
          return revision
        }
      } while (!signal.aborted)
      return ''
    } catch (thrown) {
      // Reading the pages took longer than the server keeps their revision.
      if (!(thrown instanceof Failure) || thrown.status !== 410 || isSecond) throw thrown
    }
  }
}

/** Follows one watch to its end. Returns the revision to go on from, or `undefined` where only a list helps. */
async function follow(client: Client, collection: Collection, from: string, signal: AbortSignal): Promise<string | undefined> {
  const seconds = Math.round(WATCH_S.least + Math.random() * (WATCH_S.most - WATCH_S.least))
  const how = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: from, timeoutSeconds: String(seconds) }
  const { path, accept } = collection
  const question = { path, query: { ...collection.query, ...how }, accept: accept.watch }
  let revision = from
  let hasBegun = false
  try {
    for await (const event of client.stream(question, signal, (seconds + 30) * 1000, () => (hasBegun = true))) {
      const type = field(event, 'type')
      const object = field(event, 'object')
      if (type === 'ERROR') {
        if (field(object, 'code') === 410) return undefined
        throw new Error(
          `The watch of ${path} was ended by the Kubernetes API: ${textOf(field(object, 'message'))?.slice(0, 300) ?? 'no reason given'}.`,
        )
      }
      if (type === 'ADDED' || type === 'MODIFIED') collection.put(object)
      else if (type === 'DELETED') collection.delete(object)
      revision = textOf(field(field(object, 'metadata'), 'resourceVersion')) ?? revision
    }
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.status === 410) return undefined
    // One connection may break; when the next cannot be had, it is an outage.
    if (!hasBegun) throw thrown
  }
  return revision
}
