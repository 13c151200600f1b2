import { answer, instanceOf, keyOf, type Told } from './instance.ts'
import { expectStatus, type Server, type ServerAnswer, type Servers } from './servers.ts'
import { inOrder, readJson, understand } from '@octopus-gateway/discovery-support'
import type { ServiceSet } from '@octopus-gateway/core'

/**
 * So many answers with changes, then one with everything. Servers keep the answer with changes for three minutes or until something else changes, and it
 * may lack an instance that was registered while it was made, with a count that lacks it as well: no count tells. At the usual interval of 30 seconds
 * everything is asked for every two minutes, before the server's own remedy, and three of four answers stay small.
 */
const MOST_CHANGES = 3

/** What Eureka knows, followed by its changes for as long as they add up to what the server has. */
export class Registry {
  readonly #servers: Servers
  readonly #zone: string | undefined
  readonly #instances = new Map<string, Told>()
  /** Whose changes can be applied: the server that everything came from. */
  #source: Server | undefined
  /** Answers with changes since there was one with everything. */
  #changesSince = 0

  constructor(servers: Servers, zone: string | undefined) {
    this.#servers = servers
    this.#zone = zone
  }

  /** Asks for the changes, or for everything. Rejects with an `Outage` when no server answers. */
  async refresh(signal: AbortSignal): Promise<ServiceSet> {
    await this.#servers.ask(async (server) => {
      const isEnough = server === this.#source && this.#changesSince < MOST_CHANGES
      if (isEnough && (await this.#changes(server, signal))) return
      await this.#everything(server, signal)
    })
    const usable = [...this.#instances.values()].map((told) => instanceOf(told, this.#zone)).filter((instance) => instance !== undefined)
    return inOrder(usable)
  }

  async #everything(server: Server, signal: AbortSignal): Promise<void> {
    const answered = await server({ path: '/apps' }, signal)
    expectStatus(answered, [200], 'the question for all services')
    const { instances } = read(answered)
    this.#instances.clear()
    for (const instance of instances) this.#instances.set(keyOf(instance), instance)
    this.#source = server
    this.#changesSince = 0
  }

  /** Whether the changes were there and led to what the server has. Otherwise what is known may be half of both. */
  async #changes(server: Server, signal: AbortSignal): Promise<boolean> {
    // A server may tell no changes at all.
    const answered = await server({ path: '/apps/delta' }, signal)
    if (answered.status !== 200) return false
    const { instances, hash } = read(answered)
    this.#changesSince += 1
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

function read({ name, text }: ServerAnswer): Read {
  const said = { name, product: 'Eureka', subject: 'the question for services' }
  const { applications } = understand(answer, readJson(text, said), said)
  return { instances: applications.application.flatMap(({ instance }) => instance), hash: applications.apps__hashcode ?? undefined }
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
