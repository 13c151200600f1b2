import { inOrder, instanceWith, isIn } from '@octopus-gateway/discovery-support'
import type { Found } from '@octopus-gateway/dns-sd'
import type { Pairs } from './text.ts'
import type { ServiceInstance, ServiceSet } from '@octopus-gateway/core'

const LONGEST_NAME = 255

/** The set that instances of the network are. Of two with one id the older one counts: who comes later takes nobody's place. */
export function setOf(found: readonly Found<Pairs>[], allowedServices: readonly string[] | undefined): ServiceSet {
  const all = new Map<string, ServiceInstance>()
  for (const one of found) {
    const instance = instanceOf(one)
    if (instance === undefined || all.has(instance.id)) continue
    if (allowedServices?.includes(instance.service) === false) continue
    all.set(instance.id, instance)
  }
  return inOrder(all.values())
}

/** The instance at the first address that requests can be sent to: IPv4, else IPv6; `undefined` while something is missing. */
export function instanceOf({ label, type, port, addresses, text }: Found<Pairs>): ServiceInstance | undefined {
  const usable = addresses.filter((address) => !isZoned(address))
  const host = usable.find((address) => !address.includes(':')) ?? usable[0]
  if (port === 0 || host === undefined) return undefined
  const said = (...names: readonly string[]): string | undefined => names.map((name) => text.get(name)).find((value) => value)
  const service = said('name', 'farp.service') ?? label
  const id = said('id', 'farp.id') ?? label
  if (!isName(service) || !isName(id)) return undefined
  return instanceWith({
    id,
    service,
    host,
    port,
    secure: type.toLowerCase() === '_https._tcp' || said('scheme')?.toLowerCase() === 'https',
    ready: isIn(said('farp.status')),
    weight: said('weight'),
    zone: said('zone', 'dc', 'datacenter'),
    version: said('version'),
    metadata: { 'mdns.service_type': type, ...Object.fromEntries(text) },
  })
}

/** Whether it has addresses, all of which are of no use. */
export function isLinkLocalOnly({ addresses }: Found<Pairs>): boolean {
  return addresses.length > 0 && addresses.every(isZoned)
}

/** The origin of an endpoint is a URL, and URLs have no place for the zone that a link-local address needs (WHATWG URL, host parsing). */
function isZoned(address: string): boolean {
  return address.includes('%')
}

/** Control characters and blanks around are in nobody's name, and in log lines they would be somebody's trick. */
function isName(text: string): boolean {
  return text.length <= LONGEST_NAME && !/\p{Cc}|^\s|\s$/u.test(text)
}
