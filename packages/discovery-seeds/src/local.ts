import { bareHost } from '@octopus-gateway/discovery-support'
import { BlockList, isIP } from 'node:net'

const local = new BlockList()
local.addSubnet('127.0.0.0', 8)
local.addAddress('0.0.0.0')
local.addAddress('::1', 'ipv6')
local.addAddress('::', 'ipv6')

/** Whether a host means something else to whoever reads it: loopback, every address, `localhost`, nothing at all. */
export function isLocal(host: string): boolean {
  const bare = bareHost(host).toLowerCase().replace(/\.$/, '')
  const family = isIP(bare)
  return family === 0
    ? bare === '' || bare === 'localhost' || bare.endsWith('.localhost')
    : local.check(bare, family === 4 ? 'ipv4' : 'ipv6')
}
