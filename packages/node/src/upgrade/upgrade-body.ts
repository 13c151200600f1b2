import type { Duplex } from 'node:stream'
import type { Flow } from '../flow.ts'
import type { GatewayError } from '@octopus-gateway/core'

/** The upstream's end of a tunnel. Nothing of it has been read beyond `early`. */
export interface UpstreamEnd {
  readonly duplex: Duplex
  /** What came in one piece with the head. */
  readonly early: Buffer
  /** Breaks it off. */
  cut(): void
  /** Set by who takes the end over: called when the request is given up. */
  abort: ((error: GatewayError) => void) | null
}

/** What follows the head of an answer to an upgrade: the tunnel behind a 101, and an ordinary body behind everything else. */
export type UpgradeBody = { readonly end: UpstreamEnd; readonly flow: null } | { readonly end: null; readonly flow: Flow }

/** Gives up what follows a head. */
export function giveUp({ end, flow }: UpgradeBody, error: GatewayError): void {
  if (end === null) flow.abort(error)
  else if (end.abort !== null) end.abort(error)
  else end.cut()
}
