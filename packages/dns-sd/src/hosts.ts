import { ending, GRACE, isDue, termOf, type Term } from './terms.ts'
import { isLinkLocal } from './links.ts'
import { keyOf } from './names.ts'
import type { Heard } from './message.ts'

const MOST_ADDRESSES = 16

interface Host {
  /** How many instances are there. */
  instances: number
  readonly addresses: Map<string, AddressTerm>
}

interface AddressTerm extends Term {
  /** That of the link on which it was heard. */
  readonly zone: string
}

/** The addresses of hosts with instances, for as long as they were said. */
export class Hosts {
  readonly #hosts = new Map<string, Host>()

  /** An instance is there. */
  enter(name: string): void {
    const host = this.#hosts.get(keyOf(name)) ?? { instances: 0, addresses: new Map() }
    host.instances += 1
    this.#hosts.set(keyOf(name), host)
  }

  /** An instance is there no longer: of hosts without any nothing is kept. */
  exit(name: string): void {
    const host = this.#hosts.get(keyOf(name))!
    host.instances -= 1
    if (host.instances === 0) this.#hosts.delete(keyOf(name))
  }

  /** In a fixed order, each with the zone in which it was heard. */
  addresses(name: string): [address: string, zone: string][] {
    const known = [...(this.#hosts.get(keyOf(name))?.addresses ?? [])]
    return known.map(([address, { zone }]): [string, string] => [address, zone]).sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** Whether it has an address that need not be asked for. */
  isKnown(name: string, now: number): boolean {
    return [...(this.#hosts.get(keyOf(name))?.addresses.values() ?? [])].some((term) => !isDue(term, now))
  }

  /** Takes what was said on the link with this zone. Whether that makes a difference. */
  hear({ name, type, address: said, ttl, isWhole }: Heard<'A' | 'AAAA'>, zone: string, now: number): boolean {
    const known = this.#hosts.get(keyOf(name))?.addresses
    if (known === undefined) return false
    // On another link the same one is somebody else's (RFC 4007, 5).
    const address = isLinkLocal(said) ? `${said}%${zone}` : said
    const term = known.get(address)
    if (ttl === 0) {
      if (term !== undefined) known.set(address, ending(term, now))
      return false
    }
    const before = known.size
    // What is there is the whole truth of one family (RFC 6762, 10.2), and of one link: a host has other addresses on others.
    const isOver = ([other, { heardAt, zone: from }]: [string, AddressTerm]): boolean =>
      other !== address && from === zone && other.includes(':') === (type === 'AAAA') && heardAt < now - GRACE
    if (isWhole) for (const entry of known) if (isOver(entry)) known.delete(entry[0])
    const isChanged = known.size !== before
    if (term === undefined && known.size >= MOST_ADDRESSES) return isChanged
    known.set(address, { ...termOf(ttl, now), zone: term?.zone ?? zone })
    return isChanged || term === undefined
  }

  /** Lets go what is over. Whether there was something. */
  expire(now: number): boolean {
    let isChanged = false
    for (const { addresses } of this.#hosts.values()) {
      for (const [address, { until }] of addresses) if (until <= now) isChanged = addresses.delete(address)
    }
    return isChanged
  }

  *terms(): Generator<Term> {
    for (const { addresses } of this.#hosts.values()) yield* addresses.values()
  }
}
