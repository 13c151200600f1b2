import type { ClientCertificate } from '@octopus-gateway/core'

/** The two ends of the connection that carries a request, as far as the server tells. */
export interface Connection {
  readonly remote: string | undefined
  readonly local: string | undefined
  /** The client's certificate, where the server has verified one: `{ certificate }` of the server's `env`. */
  readonly certificate: ClientCertificate | undefined
}

/** Reads the connection from a server's `env`: `{ incoming: { socket } }` of Node servers. Other runtimes tell nothing. */
export function connectionOf(env: unknown): Connection {
  const socket = member(member(env, 'incoming'), 'socket')
  return {
    remote: text(member(socket, 'remoteAddress')),
    local: text(member(socket, 'localAddress')),
    certificate: member(env, 'certificate') as ClientCertificate | undefined,
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Whether an address (not a name) is this machine's own. */
export function isLoopbackAddress(address: string): boolean {
  return /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address) || address === '::1'
}

/** The host of a Host field without its port, in lower case; `undefined` when it is not one. */
export function hostName(field: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(field)?.[1]?.toLowerCase()
}

/** Whether a host is a name or an address that always means this machine. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || isLoopbackAddress(host.replace(/^\[|\]$/g, ''))
}

/**
 * What stands for an address when attempts are counted: an IPv4 address itself, and of an IPv6 address the /64 network,
 * because one customer has a whole one and could use another address for each attempt.
 */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return 'unknown'
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address
  const [left = '', right] = address.split('%')[0]!.toLowerCase().split('::')
  const head = left === '' ? [] : left.split(':')
  const tail = right === undefined || right === '' ? [] : right.split(':')
  const gap = right === undefined ? [] : Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0')
  return `${[...head, ...gap, ...tail].slice(0, 4).join(':')}::/64`
}
