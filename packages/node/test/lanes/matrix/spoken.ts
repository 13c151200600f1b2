import type { GatewayOptions } from '@octopus-gateway/core'
import type { Lane, LaneName, Running } from '../support/describe-lanes.ts'

export type Fields = readonly (readonly [string, string])[]

/** A service that speaks a protocol. */
export interface Speaking {
  /** Requests that have reached it. */
  readonly count: number
  /** The fields of the last one, by lower-case name. */
  header(name: string): string | undefined
}

/** What the caller was told. */
export interface Told {
  /** The HTTP status, or the one that the protocol's own status stands for. */
  readonly status: number
  /** The start of what the service says; empty when it was not asked. */
  readonly text: string
  header(name: string): string | undefined
}

/** A protocol of the matrix. */
export interface Spoken {
  readonly name: string
  /** That of its requests over HTTP/1.1. */
  readonly method: 'GET' | 'POST'
  /** The lanes that carry it; on the others a caller must be refused, whatever policies there are. */
  readonly lanes: 'all' | readonly LaneName[]
  /** Whether a body of it may be coded by `compression`. */
  readonly isCompressed: boolean
  /** A service that ends with the test, and a gateway's options to reach it. */
  start(): Promise<{ up: Speaking; options: Pick<GatewayOptions, 'upstreams' | 'routes'> }>
  /** One request with these fields. It goes to `/`. */
  ask(running: Running, fields: Fields, lane: Lane): Promise<Told>
}

/** Fields that an upstream sets and a policy must deal with: two origins at once would be no origin. */
export const MISLEADING = { 'access-control-allow-origin': '*', 'x-request-id': "the upstream's", vary: 'accept' }

/** HTTP statuses for what the gateway says in gRPC. */
const MEANINGS = new Map([
  ['0', 200],
  ['4', 504],
  ['7', 403],
  ['8', 429],
  ['12', 501],
  ['14', 503],
  ['16', 401],
])

export function meaningOf(grpcStatus: string): number {
  return MEANINGS.get(grpcStatus) ?? 500
}
