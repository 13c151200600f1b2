import { BlockList, isIP } from 'node:net'
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'
import { Outage } from '@octopus-gateway/discovery-support'

/** A network that an interface of this machine leads to. */
export interface Link {
  /** What stands behind `%` in link-local addresses: `eth0`, on Windows a number. */
  readonly zone: string
  /** How questions get there: one way for each family. */
  readonly ways: readonly Way[]
  /** Networks in CIDR form. */
  readonly networks: readonly string[]
  /** Whether an address is in this network. A link-local IPv6 one names its zone. */
  holds(address: string): boolean
}

/** A family of addresses on a link. */
export interface Way {
  readonly family: 'IPv4' | 'IPv6'
  /** What sockets are told: an address of the interface, or its zone behind `::`. */
  readonly at: string
  /**
   * The same for the same interface. One that goes and comes again under its name is another one: the memberships of sockets are those of the one that went,
   * and nothing that is sent over IPv6 tells.
   */
  readonly key: string
}

/** Whether an IPv6 address, with or without a zone, counts on its link alone. */
export function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address)
}

/** The links that are used now. Throws an `Outage` when there is none. */
export function linksOf(wanted: string | undefined, all: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces()): Link[] {
  const links = Object.entries(all).flatMap(([name, addresses = []]) => linkOf(name, addresses, wanted) ?? [])
  if (links.length > 0) return links
  const names = Object.keys(all).join(', ')
  throw new Outage(
    wanted === undefined
      ? `No network interface but loopback has an address that multicast can come from; name one as interface (there are ${names}).`
      : `There is no interface ${wanted} with an address that multicast can come from; check interface (there are ${names}).`,
  )
}

function linkOf(name: string, addresses: readonly NetworkInterfaceInfo[], wanted: string | undefined): Link | undefined {
  // Containers have two ends of a cable each, and nothing could be found there: an instance needs an address that leads to it.
  if (wanted === undefined && addresses.every(({ address }) => isLinkLocal(address))) return undefined
  const usable = addresses.filter(({ address, internal }) => {
    return wanted === undefined ? !internal : wanted === name || wanted.toLowerCase() === address
  })
  // The group is asked from a link-local address, which every interface with IPv6 has (RFC 4291, 2.1) but Linux's loopback: that carries no such packets.
  const local = addresses.find(({ address }) => isLinkLocal(address)) as { readonly scopeid: number } | undefined
  const zone = process.platform === 'win32' && local !== undefined ? String(local.scopeid) : name
  const ipv4 = usable.find(({ family }) => family === 'IPv4')
  const hasIpv6 = local !== undefined && usable.some(({ family }) => family === 'IPv6')
  const ways: Way[] = [
    ...(ipv4 === undefined ? [] : [{ family: 'IPv4', at: ipv4.address, key: ipv4.address } as const]),
    ...(hasIpv6 ? [{ family: 'IPv6', at: `::%${zone}`, key: `::%${zone}#${local.scopeid}` } as const] : []),
  ]
  if (ways.length === 0) return undefined
  const networks = addresses.flatMap(({ cidr }) => cidr ?? [])
  const list = new BlockList()
  for (const network of networks) addNetwork(list, network)
  return { zone, ways, networks, holds: (address) => (isLinkLocal(address) ? address.endsWith(`%${zone}`) : isListed(list, address)) }
}

function addNetwork(list: BlockList, cidr: string): void {
  const [address = '', bits] = cidr.split('/')
  list.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6')
}

function isListed(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')
}
