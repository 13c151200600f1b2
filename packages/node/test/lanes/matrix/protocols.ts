import { GRPC } from './grpc.ts'
import { HTTP, SSE } from './http.ts'
import { WEBSOCKET } from './websocket.ts'
import type { Lane } from '../support/describe-lanes.ts'
import type { Spoken } from './spoken.ts'

/** Adding a protocol to the matrix is one entry here. */
export const PROTOCOLS: readonly Spoken[] = [HTTP, SSE, WEBSOCKET, GRPC]

/** Whether this lane carries it; where not, a caller must be refused. */
export function isCarriedOn({ lanes }: Spoken, lane: Lane): boolean {
  return lanes === 'all' || lanes.includes(lane.name)
}
