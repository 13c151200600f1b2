import { BlockList, isIP, isIPv4 } from 'node:net'

const loopback = list([
  ['127.0.0.0', 8],
  ['::1', 128],
])
const privateUse = list([
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['fc00::', 7],
])
/** Link-local (with the clouds' metadata services), unspecified, multicast, reserved, and metadata services elsewhere. */
const never = list([
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['::', 128],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  ['fd00:ec2::', 32],
])

function list(networks: readonly (readonly [string, number])[]): BlockList {
  const found = new BlockList()
  for (const [address, prefix] of networks) found.addSubnet(address, prefix, isIPv4(address) ? 'ipv4' : 'ipv6')
  return found
}

/** What kind of network an IP address is in; `blocked` is nowhere a service may point the gateway to. */
export type AddressKind = 'public' | 'private' | 'loopback' | 'blocked'

/** Classifies an IP address. IPv4 inside IPv6 (mapped, NAT64, 6to4) is judged as IPv4, or it would be a way around. */
export function kindOf(address: string): AddressKind {
  const bare = address.split('%')[0]!
  if (isIP(bare) === 0) return 'blocked'
  const plain = isIPv4(bare) ? bare : (embedded(bare) ?? bare)
  const family = isIPv4(plain) ? 'ipv4' : 'ipv6'
  if (never.check(plain, family)) return 'blocked'
  if (loopback.check(plain, family)) return 'loopback'
  return privateUse.check(plain, family) ? 'private' : 'public'
}

/** The IPv4 address inside an IPv6 one: `::ffff:0:0/96`, `::/96`, `64:ff9b::/96`, `2002::/16`. */
function embedded(address: string): string | undefined {
  const groups = expand(address)
  const [a, b, c, d, e, f] = groups
  const isHigh = [a, b, c, d, e].every((group) => group === 0)
  const isMapped = isHigh && (f === 0xffff || (f === 0 && (groups[6] !== 0 || groups[7]! > 1)))
  const isNat64 = a === 0x64 && b === 0xff9b && [c, d, e, f].every((group) => group === 0)
  if (isMapped || isNat64) return dotted(groups[6]!, groups[7]!)
  return a === 0x2002 ? dotted(b!, c!) : undefined
}

function expand(address: string): number[] {
  const tail = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const hex = tail === null ? address : address.slice(0, tail.index) + hexPair(tail)
  const [head = '', rest] = hex.split('::')
  const left = groupsOf(head)
  const right = groupsOf(rest ?? '')
  return rest === undefined ? left : [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right]
}

function hexPair(match: RegExpExecArray): string {
  const [, a, b, c, d] = match.map(Number)
  return `${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}

function dotted(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}
