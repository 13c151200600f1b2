import { MessageHandshake } from './message-handshake.ts'
import { StreamHandshake } from './stream-handshake.ts'
import { GatewayError } from '@octopus-gateway/core'
import { giveUp } from './upgrade-body.ts'
import { Tickets } from '../connect/tickets.ts'
import type { Call, Sending, Wire } from '@octopus-gateway/core/lane'
import type { H2Wire } from '../http2-client/wire.ts'
import type { Transport } from '@octopus-gateway/core'
import type { UpgradeBody } from './upgrade-body.ts'

const NOT_READ = new GatewayError('UPSTREAM_PROTOCOL', 'The answer to a copy of an upgrade is not read.')

/**
 * The way out for upgrades. HTTP/1.1 on a connection of its own, whose whole end is the tunnel's; only to an upstream that is said to speak
 * HTTP/2 a stream of a shared connection, when its server takes that (RFC 8441).
 */
export class UpgradeWire implements Wire<null, UpgradeBody> {
  readonly #h2: H2Wire
  /** TLS sessions, whose trust is that of their transport. */
  readonly #tickets = new WeakMap<Transport, Tickets>()

  constructor(h2: H2Wire) {
    this.#h2 = h2
  }

  send(call: Call<null>): Sending<UpgradeBody> {
    const { protocol } = call.transport
    if (protocol !== 'h2' && protocol !== 'h2c') return this.#overHttp1(call)
    return new StreamHandshake(call, this.#h2.poolOf(call.transport, call.endpoint.origin), () => this.#overHttp1(call))
  }

  /** There is no body. */
  replayable(): boolean {
    return true
  }

  isWhole(): boolean {
    return true
  }

  copyOf(): null {
    return null
  }

  async drain(body: UpgradeBody): Promise<void> {
    giveUp(body, NOT_READ)
  }

  settled(): void {}

  #overHttp1(call: Call<null>): Sending<UpgradeBody> {
    let tickets = this.#tickets.get(call.transport)
    if (tickets === undefined) this.#tickets.set(call.transport, (tickets = new Tickets()))
    return new MessageHandshake(call, tickets)
  }
}
