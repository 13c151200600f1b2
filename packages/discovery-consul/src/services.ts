import * as v from 'valibot'
import { entries, instancesOf } from './instance.ts'
import { follow } from './follow.ts'
import { News, Outage, Places, scopeOf } from '@octopus-gateway/discovery-support'
import { sleep } from '@octopus-gateway/core'
import type { ConsulClient, Told } from './client.ts'
import type { Logger, ServiceInstance, ServiceSet } from '@octopus-gateway/core'
import type { Settings } from './options.ts'

/** Questions that may be open at a time: agents allow a client 200 connections. */
const OPEN_QUESTIONS = 64
/** How often each service is asked for when there are more of them than open questions, beside every change of the catalog. Milliseconds. */
const ROUND = 10_000
const MOST_SERVICES = 10_000

const catalog = v.record(v.string(), v.nullish(v.array(v.string())))

/** What services are made of. */
export interface Access {
  readonly client: ConsulClient
  readonly settings: Settings
  readonly log: Logger
  /** Ends everything. */
  readonly signal: AbortSignal
}

interface Followed {
  readonly stop: AbortController
  /** Until its first answer `undefined`. */
  instances: readonly ServiceInstance[] | undefined
}

/** All services of a Consul: one open question for the catalog, and one for each service. */
export class Services {
  readonly #access: Access
  readonly #followed = new Map<string, Followed>()
  readonly #news = new News()
  /** Until the catalog changes. */
  #unchanged = scopeOf()
  readonly #stop = new AbortController()
  readonly #places = new Places(OPEN_QUESTIONS)
  #isListed = false
  #hasWarned = false

  constructor(access: Access) {
    this.#access = access
  }

  /** Complete sets, until the signal aborts. Throws an `Outage` as soon as one question fails. Nothing is open at its end. */
  async *sets(): AsyncGenerator<ServiceSet, void, undefined> {
    const { signal } = this.#access
    this.#run(this.#followCatalog())
    try {
      while (!signal.aborted) {
        await this.#news.next(signal)
        const set = signal.aborted ? undefined : this.#whole()
        if (set !== undefined) yield set
      }
    } finally {
      this.#stop.abort()
      for (const { stop } of this.#followed.values()) stop.abort()
    }
  }

  /** In the order of names and ids, or `undefined` while an answer is missing. */
  #whole(): ServiceSet | undefined {
    const all = [...this.#followed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { instances }]) => instances)
    const known = all.filter((instances) => instances !== undefined)
    return this.#isListed && known.length === all.length ? known.flat() : undefined
  }

  #run(work: Promise<void>): void {
    work.catch((thrown: unknown) => this.#news.fail(thrown))
  }

  #followCatalog(): Promise<void> {
    const { client } = this.#access
    const { signal } = this.#stop
    const question = { path: 'catalog/services', subject: 'the catalog' }
    return follow(
      (index) => client.ask(question, index, signal),
      (told) => this.#use(told),
      signal,
    )
  }

  #use(told: Told): void {
    const { client, settings } = this.#access
    const { tags } = settings
    const all = Object.entries(client.read(catalog, told, 'the catalog'))
    this.#complainOfDenial(told, all.length)
    const names = all
      // The servers themselves are listed as well; `.` and `..` are no names but ways through a path.
      .filter(([name, has]) => name !== 'consul' && !/^\.{0,2}$/.test(name) && tags.every((tag) => has?.includes(tag)))
      .map(([name]) => name)
    if (names.length > MOST_SERVICES)
      throw new Outage(`${client.name} knows ${names.length} services, more than ${MOST_SERVICES}; narrow them down with tags.`)
    this.#warnOfHidden(told)
    const wanted = new Set(names)
    for (const [name, { stop }] of this.#followed) {
      if (wanted.has(name)) continue
      stop.abort()
      this.#followed.delete(name)
    }
    for (const name of names) {
      if (this.#followed.has(name)) continue
      const followed: Followed = { stop: new AbortController(), instances: undefined }
      this.#followed.set(name, followed)
      this.#run(this.#followService(name, followed))
    }
    this.#isListed = true
    this.#unchanged[Symbol.dispose]()
    this.#unchanged = scopeOf()
    this.#news.touch()
  }

  async #followService(name: string, followed: Followed): Promise<void> {
    const { client, settings } = this.#access
    const { signal } = followed.stop
    const subject = `the service "${name}"`
    const query = settings.tags.map((tag) => ['tag', tag] as const)
    const question = { path: `health/service/${encodeURIComponent(name)}`, query, subject }
    let unchanged = this.#unchanged.signal
    try {
      await follow(
        async (index) => {
          const isCrowded = this.#followed.size > OPEN_QUESTIONS
          // Whoever waits needs a place; where there are too few of them, all wait for the catalog instead.
          if (isCrowded && index > 0) await either(unchanged, signal)
          unchanged = this.#unchanged.signal
          using _ = await this.#places.take()
          return await client.ask(question, isCrowded ? 0 : index, signal)
        },
        (told) => {
          followed.instances = instancesOf(client.read(entries, told, subject), settings.passingOnly)
          this.#warnOfHidden(told)
          this.#news.touch()
        },
        signal,
      )
    } catch (thrown) {
      if (!signal.aborted) throw thrown
    }
  }

  /** Without a token Consul refuses nothing and says of nothing that it is hidden. It would see its own servers if it were allowed anything. */
  #complainOfDenial({ deniesByDefault }: Told, seen: number): void {
    const { client, settings } = this.#access
    if (settings.token !== undefined || !deniesByDefault || seen > 0) return
    throw new Outage(`${client.name} shows nothing without a token: access denied; give one in token that may read services and nodes.`)
  }

  #warnOfHidden({ isFiltered }: Told): void {
    const { client, log } = this.#access
    if (!isFiltered || this.#hasWarned) return
    log.warn('Consul hides services or nodes from this token', { provider: 'consul', consul: client.name })
    this.#hasWarned = true
  }
}

/** Waits for another round, or for the catalog. */
async function either(unchanged: AbortSignal, signal: AbortSignal): Promise<void> {
  using waiting = scopeOf(unchanged, signal)
  await sleep(ROUND * (0.75 + Math.random() / 4), waiting.signal)
}
