import { hashText, mixed } from '../../hash.ts'
import { ranking } from './rendezvous.ts'
import { weighted } from './balancer.ts'
import type { Balancer } from './balancer.ts'
import type { LiveEndpoint } from '../endpoint-state.ts'

/** Primes. A table of another size holds other keys in its slots: there are few sizes, so that growing seldom changes it. */
const SMALL = 4_099
const LARGE = 65_537
/** More endpoints than this get the large table. */
const MANY = 40
/** Slots looked at from that of the key on. */
const STEPS = 64

/**
 * Maglev hashing: a table that endpoints fill in turns, each by an order of its own. The evenest of the three and the fastest to ask; when an endpoint
 * comes or goes, a few keys of others move too. Where too many slots in a row are not accepted, the ranking of the key decides instead.
 */
export function maglev(endpoints: readonly LiveEndpoint[]): Balancer {
  const able = weighted(endpoints)
  const rank = ranking(able)
  const slots = table(able)
  return {
    pick(among) {
      const first = among.hash % slots.length
      for (let i = 0; i < STEPS && able.length > 0; i++) {
        const endpoint = able[slots[(first + i) % slots.length]!]!
        if (among.accepts(endpoint)) return endpoint
      }
      return rank(among)
    },
    over: maglev,
  }
}

const EMPTY = 0xffff_ffff

function table(endpoints: readonly LiveEndpoint[]): Uint32Array {
  const size = endpoints.length > MANY ? LARGE : SMALL
  const slots = new Uint32Array(size).fill(EMPTY)
  const heaviest = endpoints.reduce((most, { weight }) => Math.max(most, weight), 0)
  // Who is first in a turn gets a little more: not always the same, wherever it stands in the list.
  const order = endpoints.map((_, i) => i).sort((a, b) => (endpoints[a]!.id < endpoints[b]!.id ? -1 : 1))
  const next = new Uint32Array(endpoints.length)
  const skips = new Uint32Array(endpoints.length)
  endpoints.forEach(({ id }, i) => {
    const seed = hashText(id)
    next[i] = mixed(seed, 1) % size
    skips[i] = 1 + (mixed(seed, 2) % (size - 1))
  })
  // Everybody gets a slot in the first turn, however light.
  const due = new Float64Array(endpoints.length).fill(1)
  for (let filled = 0; filled < size && endpoints.length > 0;) {
    for (const i of order) {
      due[i]! += endpoints[i]!.weight / heaviest
      if (due[i]! < 1) continue
      due[i]! -= 1
      let slot = next[i]!
      while (slots[slot] !== EMPTY) slot = (slot + skips[i]!) % size
      slots[slot] = i
      next[i] = (slot + skips[i]!) % size
      if (++filled === size) break
    }
  }
  return slots
}
