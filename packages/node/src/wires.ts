import { Agreements } from './agreements.ts'
import { GatewayError } from '@octopus-gateway/core'
import { H2Wire } from './http2-client/wire.ts'
import { Http1Wire } from './http1-client/wire.ts'
import { Negotiated } from './http2-client/negotiated.ts'
import { ReplayingWire } from './replaying-wire.ts'
import { UndiciWire } from './undici-wire.ts'
import { UpgradeWire } from './upgrade/upgrade-wire.ts'
import type { Call, Sending } from '@octopus-gateway/core/lane'
import type { Flow, NodeUpload, NodeWire } from './flow.ts'

/** Who speaks HTTP/1.1 to upstreams: the gateway's own client, or undici. */
export type UpstreamClient = 'native' | 'undici'

/** The way out on Node: for every call the wire that speaks what its upstream speaks. */
export class Wires extends ReplayingWire {
  readonly #http1: NodeWire
  readonly #h2 = new H2Wire(this.replays)
  readonly #agreements = new Agreements()
  readonly upgrades = new UpgradeWire(this.#h2)

  constructor(client: UpstreamClient = 'native') {
    super()
    this.#http1 = client === 'native' ? new Http1Wire(this.replays) : new UndiciWire(this.replays)
  }

  send(call: Call<NodeUpload>): Sending<Flow> {
    const { transport, protocol, endpoint } = call
    if (transport.protocol === 'http1') return protocol === 'grpc' ? new NotSent(NO_TRAILERS) : this.#http1.send(call)
    if (transport.protocol !== 'auto' || protocol === 'grpc') return this.#h2.send(call)
    if (endpoint.origin.startsWith('http:') || this.#agreements.isHttp1(transport, endpoint.origin)) return this.#http1.send(call)
    return new Negotiated(this.#h2.send(call), () => {
      this.#agreements.http1(transport, endpoint.origin)
      return this.#http1.send(call)
    })
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all([this.#http1.close(graceMs), this.#h2.close(graceMs)])
  }
}

const NO_TRAILERS = new GatewayError('UPSTREAM_PROTOCOL', 'gRPC needs HTTP/2, and the upstream is configured for HTTP/1.1.')

/** An attempt that fails before anything is sent. */
class NotSent implements Sending<Flow> {
  readonly answer: Promise<never>

  constructor(error: GatewayError) {
    this.answer = Promise.reject(error)
  }

  abort(): void {}
}
