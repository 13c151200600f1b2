import { drainFlow } from './drain.ts'
import { Replays } from './replay.ts'
import type { Call, Sending } from '@octopus-gateway/core/lane'
import type { Flow, NodeUpload, NodeWire } from './flow.ts'

/** What is the same for every wire of requests: what is kept of their bodies, and answers that nobody wants. */
export abstract class ReplayingWire implements NodeWire {
  readonly replays: Replays

  /** @param replays Shared where another endpoint of the same upstream may get the body by another wire. */
  constructor(replays = new Replays()) {
    this.replays = replays
  }

  abstract send(call: Call<NodeUpload>): Sending<Flow>

  abstract close(graceMs: number): Promise<void>

  replayable(body: NodeUpload): boolean {
    return this.replays.replayable(body)
  }

  isWhole(body: NodeUpload): boolean {
    return this.replays.isWhole(body)
  }

  copyOf(body: NodeUpload, most: number): NodeUpload | undefined {
    return this.replays.copyOf(body, most)
  }

  drain(flow: Flow, most: number): Promise<void> {
    return drainFlow(flow, most)
  }

  settled(body: NodeUpload): void {
    this.replays.settled(body)
  }
}
