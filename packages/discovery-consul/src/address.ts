/** A host without brackets, and a port. */
export interface Address {
  readonly host: string
  readonly port: number
}

const STANDARD_PORT = 8500

/** `host:port`, `[::1]:8500`, or a host alone; `undefined` when it is none of these. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::(\d{1,5}))?$/.exec(text)
  const port = Number(match?.[3] ?? STANDARD_PORT)
  return match === null || port < 1 || port > 65_535 ? undefined : { host: match[1] ?? match[2]!, port }
}
