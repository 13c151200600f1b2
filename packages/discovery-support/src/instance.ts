import type { ServiceInstance, ServiceSet } from '@octopus-gateway/core'

/** What a registry says of an instance. */
export interface Facts {
  readonly id: string
  readonly service: string
  /** An IPv6 address may be in brackets. */
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly ready: boolean
  /** A number, or a text that is one; everything else is 1. */
  readonly weight: unknown
  /** Empty is none. */
  readonly zone: string | undefined
  /** Empty is none. */
  readonly version: string | undefined
  readonly metadata: Readonly<Record<string, string>>
}

/** The instance that these facts make up. */
export function instanceWith({ host, weight, zone, version, ...facts }: Facts): ServiceInstance {
  return {
    ...facts,
    host: bareHost(host),
    weight: weightOf(weight),
    ...(zone === undefined || zone === '' ? {} : { zone }),
    ...(version === undefined || version === '' ? {} : { version }),
  }
}

function weightOf(value: unknown): number {
  if (typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value)) return Number(value)
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 1
}

/** A host without the brackets of an IPv6 address. */
export function bareHost(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

/** The host, without brackets, and the port of `host:port`; 0 where there is none. */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(address)
  return { host: match?.[1] ?? match?.[2] ?? address, port: Number(match?.[3] ?? 0) }
}

/** States in which an instance gets no new requests. Every other word says nothing. */
const OUT: ReadonlySet<string> = new Set(['starting', 'unhealthy', 'critical', 'draining', 'stopping', 'stopped', 'down'])

/** Whether a registered state lets an instance have new requests. */
export function isIn(state: string | undefined): boolean {
  return !OUT.has((state ?? '').toLowerCase())
}

/** By service and id, each once: of two for one id the first. */
export function inOrder(instances: Iterable<ServiceInstance>): ServiceSet {
  const all = new Map<string, ServiceInstance>()
  for (const instance of instances) {
    const key = `${instance.service}\0${instance.id}`
    if (!all.has(key)) all.set(key, instance)
  }
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, instance]) => instance)
}

/** How a name of metadata is spelled whoever wrote it: letter case, `_`, `-` and `/` do not matter. */
export function spellingOf(name: string): string {
  return name.toLowerCase().replaceAll(/[_/-]/g, '.')
}
