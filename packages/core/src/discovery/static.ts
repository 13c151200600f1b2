import type { DiscoveryProvider } from './provider.ts'

/** A service written into the configuration. Several with one name are instances of one service. */
export interface StaticService {
  readonly name: string
  /** A host name or address. */
  readonly address: string
  readonly port: number
  /** Whether to speak TLS to it. Default false. */
  readonly secure?: boolean
  /** Default 1. */
  readonly weight?: number
  readonly zone?: string
  readonly version?: string
  /** Default: made from name, address and port. */
  readonly id?: string
  /** `farp.manifest` and the other keys a registry would carry. */
  readonly metadata?: Readonly<Record<string, string>>
}

/** The services of the configuration as a provider. FARP probes each at `/_farp/manifest` unless its metadata says where the manifest is. */
export function staticDiscovery(services: readonly StaticService[]): DiscoveryProvider {
  return {
    name: 'static',
    identity: services,
    async *watch(signal) {
      yield services.map((service) => ({
        id: service.id ?? `${service.name}@${service.address}:${service.port}`,
        service: service.name,
        host: service.address,
        port: service.port,
        secure: service.secure ?? false,
        ready: true,
        weight: service.weight ?? 1,
        ...(service.zone === undefined ? {} : { zone: service.zone }),
        ...(service.version === undefined ? {} : { version: service.version }),
        metadata: service.metadata ?? {},
      }))
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve()
        else signal.addEventListener('abort', () => resolve(), { once: true })
      })
    },
  }
}
