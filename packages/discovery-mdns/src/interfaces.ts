import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Outage } from '@octopus-gateway/discovery-support'

/** Where is asked, and what counts as near there. */
export interface Surroundings {
  /** IPv4 addresses of the interfaces, each for one socket. */
  readonly addresses: readonly string[]
  /** Whether an address is in a network of these interfaces, and can be connected to without naming one. */
  isNear(address: string): boolean
}

/** The interfaces that are used now. Throws an `Outage` when there is none. */
export function surroundings(wanted: string | undefined): Surroundings {
  const all = Object.entries(networkInterfaces()).map(([name, addresses = []]) => ({ name, addresses }))
  const chosen = all.flatMap(({ name, addresses }) => {
    const fitting = addresses.filter(({ address, internal, family }) => {
      if (family !== 'IPv4') return false
      return wanted === undefined ? !internal : wanted === name || wanted === address
    })
    return fitting.length === 0 ? [] : [{ address: fitting[0]!.address, networks: addresses.map(({ cidr }) => cidr) }]
  })
  if (chosen.length === 0) {
    const names = all.map(({ name }) => name).join(', ')
    throw new Outage(
      wanted === undefined
        ? `No network interface but loopback has an IPv4 address; name one as interface (there are ${names}).`
        : `There is no interface ${wanted} with an IPv4 address; check interface (there are ${names}).`,
    )
  }
  const near = new BlockList()
  for (const network of chosen.flatMap(({ networks }) => networks)) addNetwork(near, network)
  return {
    addresses: chosen.map(({ address }) => address),
    // A link-local IPv6 address is nothing without an interface.
    isNear: (address) => !/^fe[89ab]/i.test(address) && near.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6'),
  }
}

function addNetwork(list: BlockList, cidr: string | null): void {
  const [address = '', bits = ''] = (cidr ?? '').split('/')
  const family = isIP(address)
  if (family !== 0) list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
}
