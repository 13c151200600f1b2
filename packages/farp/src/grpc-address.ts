import type { Address } from './address.ts'
import type { Metadata } from './metadata.ts'

/** The names under which registries say where an instance has gRPC when that is not its usual port. */
const PORT_KEYS = ['farp.grpc.port', 'grpc.port', 'farp.grpcport', 'grpcport'] as const

/**
 * Where an instance answers gRPC: its own address, or the same host at the port that its record names. Only records may name one: what a manifest says must not
 * open ports of the host beside the one that is registered.
 */
export function grpcAddress(own: Address, metadata: Metadata): Address {
  return { ...own, port: grpcPort(metadata) ?? own.port }
}

/** The port for gRPC that a record names, or `undefined`. */
export function grpcPort(metadata: Metadata): number | undefined {
  const port = Number(PORT_KEYS.map((key) => metadata.get(key)).find((text) => text !== undefined && /^\d{1,5}$/.test(text)) ?? 0)
  return port >= 1 && port <= 65_535 ? port : undefined
}
