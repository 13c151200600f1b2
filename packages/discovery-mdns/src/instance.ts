import { instanceWith, isIn } from '@octopus-gateway/discovery-support'
import type { Entry } from './seen.ts'
import type { ServiceInstance } from '@octopus-gateway/core'

const LONGEST_NAME = 255

/** The instance that an entry is, at the first address that it has; `undefined` while something is missing. */
export function instanceOf({ label, pairs, place }: Entry, type: string, addresses: readonly string[]): ServiceInstance | undefined {
  const host = addresses.find((address) => !address.includes(':')) ?? addresses[0]
  if (pairs === undefined || place === undefined || place.port === 0 || host === undefined) return undefined
  const said = (...names: readonly string[]): string | undefined => names.map((name) => pairs.get(name)).find((value) => value)
  const service = said('name', 'farp.service') ?? label
  const id = said('id', 'farp.id') ?? label
  if (!isName(service) || !isName(id)) return undefined
  return instanceWith({
    id,
    service,
    host,
    port: place.port,
    secure: type.toLowerCase() === '_https._tcp' || said('scheme')?.toLowerCase() === 'https',
    ready: isIn(said('farp.status')),
    weight: said('weight'),
    zone: said('zone', 'dc', 'datacenter'),
    version: said('version'),
    metadata: { 'mdns.service_type': type, ...Object.fromEntries(pairs) },
  })
}

/** Control characters and blanks around are in nobody's name, and in log lines they would be somebody's trick. */
function isName(text: string): boolean {
  return text.length <= LONGEST_NAME && !/\p{Cc}|^\s|\s$/u.test(text)
}
