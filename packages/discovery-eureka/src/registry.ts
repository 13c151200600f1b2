import * as v from 'valibot'
import { answer, instanceOf, keyOf, type Told } from './instance.ts'
import { Outage, refusal } from './outage.ts'
import type { HttpClient } from './http.ts'
import type { ServiceSet } from '@octopus-gateway/core'
import type { Servers } from './servers.ts'

/** What Eureka knows, followed by its changes for as long as they add up to what the server has. */
export class Registry {
  readonly #servers: Servers
  readonly #zone: string | undefined
  readonly #instances = new Map<string, Told>()
  /** Whose changes can be applied: the server that everything came from. */
  #source: string | undefined

  constructor(servers: Servers, zone: string | undefined) {
    this.#servers = servers
    this.#zone = zone
  }

  /** Asks for the changes, or for everything. Rejects with an `Outage` when no server answers. */
  async refresh(signal: AbortSignal): Promise<ServiceSet> {
    await this.#servers.first(async (client) => {
      if (client.server === this.#source && (await this.#changes(client, signal))) return
      await this.#everything(client, signal)
    }, signal)
    const usable = [...this.#instances.values()].map((told) => instanceOf(told, this.#zone)).filter((instance) => instance !== undefined)
    return usable.sort((a, b) => (a.service === b.service ? (a.id < b.id ? -1 : 1) : a.service < b.service ? -1 : 1))
  }

  async #everything(client: HttpClient, signal: AbortSignal): Promise<void> {
    const { status, body } = await client.ask({ path: '/apps' }, signal)
    if (status !== 200) throw refusal(client.server, status, 'the question for all services')
    const told = read(client, body)
    this.#instances.clear()
    for (const instance of told.instances) this.#instances.set(keyOf(instance), instance)
    this.#source = client.server
  }

  /** Whether the changes were there and led to what the server has. Otherwise what is known may be half of both. */
  async #changes(client: HttpClient, signal: AbortSignal): Promise<boolean> {
    const { status, body } = await client.ask({ path: '/apps/delta' }, signal)
    // A server may tell no changes at all.
    if (status !== 200) return false
    const { instances, hash } = read(client, body)
    for (const instance of instances) {
      if (instance.actionType === 'DELETED') this.#instances.delete(keyOf(instance))
      else this.#instances.set(keyOf(instance), instance)
    }
    return hash === hashOf(this.#instances.values())
  }
}

interface Read {
  readonly instances: readonly Told[]
  readonly hash: string | undefined
}

function read({ server }: HttpClient, body: Buffer): Read {
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch (error) {
    throw new Outage(`Eureka at ${server} answered with something that is not JSON: is this Eureka?`, { cause: error })
  }
  const result = v.safeParse(answer, value)
  if (!result.success)
    throw new Outage(`Eureka at ${server} answered with something else (${v.getDotPath(result.issues[0]) ?? 'all of it'}): is this Eureka?`)
  const { application, apps__hashcode: hash } = result.output.applications
  return { instances: application.flatMap(({ instance }) => instance), hash: hash ?? undefined }
}

/** `DOWN_1_UP_2_`: how many there are of each status, in the order of the alphabet, as servers count. */
export function hashOf(instances: Iterable<Pick<Told, 'status'>>): string {
  const counts = new Map<string, number>()
  for (const { status } of instances) counts.set(status, (counts.get(status) ?? 0) + 1)
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([status, count]) => `${status}_${count}_`)
    .join('')
}
