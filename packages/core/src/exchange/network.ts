import { parseAddress } from './client.ts'

/** What stands for a client by its address: an IPv4 address, or the first 64 bits of an IPv6 one; below them a client picks its addresses itself. */
export function networkOf(ip: string): string {
  if (!ip.includes(':')) return ip
  const bytes = parseAddress(ip.split('%', 1)[0]!)
  if (bytes === undefined) return ip
  let text = ''
  for (let i = 0; i < 8; i++) text += String.fromCharCode(bytes[i]!)
  return text
}
