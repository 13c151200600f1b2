import { UndiciWire } from './undici-wire.ts'
import type { Call, Sending } from '@octopus-gateway/core/lane'
import type { Flow, NodeUpload, NodeWire } from './flow.ts'

/** The way out on Node: for every call the wire that speaks what its upstream speaks. */
export class Wires implements NodeWire {
  readonly #http1 = new UndiciWire()

  send(call: Call<NodeUpload>): Sending<Flow> {
    return this.#http1.send(call)
  }

  replayable(body: NodeUpload): boolean {
    return this.#http1.replayable(body)
  }

  async close(graceMs: number): Promise<void> {
    await this.#http1.close(graceMs)
  }
}
