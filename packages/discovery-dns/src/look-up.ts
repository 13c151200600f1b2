import { instanceWith } from '@octopus-gateway/discovery-support'
import { isSecureName, serviceOf } from './naming.ts'
import { metadataIn } from './metadata.ts'
import { targetsOf, type Target } from './places.ts'
import type { Absences } from './absences.ts'
import type { NameResolver } from './resolver.ts'
import type { ServiceInstance } from '@octopus-gateway/core'
import type { Settings } from './options.ts'

type Entry = Settings['names'][number]

/** What DNS says of one name. */
export interface Found {
  readonly instances: readonly ServiceInstance[]
  /** For how long it may be kept. Milliseconds. */
  readonly ttl: number
}

/** One round of questions: a host is asked for once, however many names point to it. */
export class Round {
  readonly #resolver: NameResolver
  readonly #absences: Absences
  readonly #hosts = new Map<string, Promise<{ readonly list: readonly string[]; readonly ttl: number }>>()

  constructor(resolver: NameResolver, absences: Absences) {
    this.#resolver = resolver
    this.#absences = absences
  }

  /** Rejects with an `Outage` when not everything can be said. */
  async lookUp(entry: Entry): Promise<Found> {
    const targets: readonly Target[] =
      entry.type === 'a' ? [{ host: entry.name, port: entry.port!, rank: 0, weight: 1 }] : targetsOf(await this.#resolver.srv(entry.name))
    if (targets.length === 0) return { instances: [], ttl: Infinity }
    const located = await Promise.all(targets.map(async (target) => ({ target, addresses: await this.#host(target.host) })))
    const metadata = await this.#metadata(entry.name)
    const isSecure = isSecureName(entry.name) || metadata['scheme']?.toLowerCase() === 'https'
    const service = entry.service ?? serviceOf(entry.name)
    const instances: ServiceInstance[] = []
    for (const { target, addresses } of located) {
      // A certificate is for a name; whoever connects looks that up again.
      const hosts = isSecure && addresses.list.length > 0 ? [target.host] : addresses.list
      for (const host of hosts) {
        const { port } = target
        const facts = { id: `${host.includes(':') ? `[${host}]` : host}:${port}`, service, host, port, secure: isSecure, ready: true }
        // Several addresses of one target share its weight.
        const place = { weight: target.weight / hosts.length, zone: metadata['zone'], version: metadata['version'] }
        const ranked = target.rank === 0 ? metadata : { ...metadata, 'octopus.priority': String(target.rank) }
        instances.push(instanceWith({ ...facts, ...place, metadata: ranked }))
      }
    }
    return { instances, ttl: Math.min(...located.map(({ addresses }) => addresses.ttl)) }
  }

  /** What stands at `_farp.<name>` comes before what stands at the name itself. */
  async #metadata(name: string): Promise<Readonly<Record<string, string>>> {
    const texts = await Promise.all(
      [`_farp.${name}`, name].map((one) => this.#absences.unlessAbsent(`TXT ${one}`, () => this.#resolver.txt(one))),
    )
    return metadataIn(texts.flat())
  }

  #host(name: string): Promise<{ readonly list: readonly string[]; readonly ttl: number }> {
    const asked = this.#hosts.get(name)
    if (asked !== undefined) return asked
    const asking = this.#addresses(name)
    this.#hosts.set(name, asking)
    return asking
  }

  /** IPv4 addresses where there are any, else IPv6: a host with both is not to count twice. */
  async #addresses(name: string): Promise<{ readonly list: readonly string[]; readonly ttl: number }> {
    const v4 = await this.#resolver.addresses(name, 4)
    const found = v4.list.length > 0 ? v4 : await this.#resolver.addresses(name, 6)
    return { ...found, list: [...new Set(found.list)].sort() }
  }
}
