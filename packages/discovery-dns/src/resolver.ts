import { Outage } from '@octopus-gateway/discovery-support'
import { Resolver } from 'node:dns/promises'
import type { SrvRecord } from 'node:dns'

/** For one question to one server, and how often. Milliseconds. */
const TIMEOUT_MS = 1_500
const TRIES = 2
/** Records of one name; what a name has more than that is not looked at. */
const MOST_RECORDS = 1_000

/** Addresses, and for how long they may be kept. */
export interface Addresses {
  readonly list: readonly string[]
  /** Milliseconds; `Infinity` where there are none. */
  readonly ttl: number
}

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'no name server listens there; check servers, or the resolver of the system'],
  ['ETIMEOUT', 'no name server answered; check servers, and whether UDP and TCP to them are allowed'],
  ['ESERVFAIL', 'the name server could not find out; check the zone and its servers'],
  ['EREFUSED', 'the name server does not answer such questions from here; check its access list, and servers'],
  ['EBADNAME', 'this is no name; check names'],
])

/** Asks name servers. What does not exist is an empty answer; rejects with an `Outage` when nothing can be said. */
export class NameResolver {
  readonly #resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES })

  constructor(servers: readonly string[], signal: AbortSignal) {
    if (servers.length > 0) this.#resolver.setServers(servers)
    signal.addEventListener('abort', () => this.#resolver.cancel(), { once: true })
  }

  srv(name: string): Promise<readonly SrvRecord[]> {
    return this.#ask(name, 'SRV', (resolver) => resolver.resolveSrv(name))
  }

  txt(name: string): Promise<readonly (readonly string[])[]> {
    return this.#ask(name, 'TXT', (resolver) => resolver.resolveTxt(name))
  }

  async addresses(name: string, family: 4 | 6): Promise<Addresses> {
    const found = await this.#ask(name, family === 4 ? 'A' : 'AAAA', (resolver) =>
      family === 4 ? resolver.resolve4(name, { ttl: true }) : resolver.resolve6(name, { ttl: true }),
    )
    return { list: found.map(({ address }) => address), ttl: Math.min(...found.map(({ ttl }) => ttl * 1000)) }
  }

  async #ask<T>(name: string, type: string, ask: (resolver: Resolver) => Promise<readonly T[]>): Promise<readonly T[]> {
    try {
      return (await ask(this.#resolver)).slice(0, MOST_RECORDS)
    } catch (thrown) {
      const { code = 'unknown' } = thrown as NodeJS.ErrnoException
      // RFC 2308: there is no such name, or it has no such records.
      if (code === 'ENOTFOUND' || code === 'ENODATA') return []
      const remedy = REMEDIES.get(code)
      throw new Outage(
        `DNS does not say which ${type} records ${name} has (${code}, asked ${this.#resolver.getServers().join(', ')})${remedy === undefined ? '' : `: ${remedy}`}.`,
        { cause: thrown },
      )
    }
  }
}
