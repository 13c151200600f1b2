/** Why the network tells nothing: one sentence. */
export class Outage extends Error {
  override readonly name = 'Outage'
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program keeps port 5353 to itself',
  EACCES: 'this program may not use multicast; check its permissions',
  EPERM: 'this program may not use multicast; check its permissions, and the firewall',
  ENODEV: 'this interface takes no multicast; check interface',
  EADDRNOTAVAIL: 'the address is gone; check interface',
  ENETUNREACH: 'there is no way to the network; check the interface',
  ENETDOWN: 'the interface is down',
}

export function unusable(address: string, error: Error): Outage {
  const code = (error as NodeJS.ErrnoException).code ?? error.message
  const remedy = REMEDIES[code]
  return new Outage(`Multicast DNS cannot be used at ${address} (${code})${remedy === undefined ? '' : `: ${remedy}`}.`, { cause: error })
}
