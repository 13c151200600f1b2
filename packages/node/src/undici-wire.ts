import { Agent } from 'undici'
import { GatewayError } from '@octopus-gateway/core'
import { UndiciFlow } from './undici-flow.ts'
import type { Call, Sending } from '@octopus-gateway/core/lane'
import type { Dispatcher } from 'undici'
import type { Flow, NodeUpload, NodeWire } from './flow.ts'

/** The way out on Node: undici's `dispatch` with flat header arrays, one pool of connections per origin. */
export class UndiciWire implements NodeWire {
  /** Connection options belong to an agent, so there is one for each connect timeout in use. */
  readonly #agents = new Map<number, Agent>()

  send(call: Call<NodeUpload>): Sending<Flow> {
    const flow = new UndiciFlow(call.onInformational)
    const { head, body, endpoint } = call
    const options = {
      origin: endpoint.origin,
      path: head.target,
      method: head.method as Dispatcher.HttpMethod,
      headers: head.headers.flat,
      body,
      // Our own deadlines count; undici would also count time that a slow client takes.
      headersTimeout: 0,
      bodyTimeout: 0,
    }
    try {
      this.#agent(call.connectTimeout).dispatch(options, flow)
    } catch (thrown) {
      flow.onError(thrown as Error)
    }
    return flow
  }

  replayable(body: NodeUpload): boolean {
    // undici leaves a stream untouched until it has a connection.
    return body === null || body instanceof Uint8Array || (!body.readableDidRead && !body.destroyed)
  }

  async close(graceMs: number): Promise<void> {
    const agents = [...this.#agents.values()]
    this.#agents.clear()
    const closing = Promise.all(agents.map((agent) => agent.close()))
    const timer = setTimeout(
      () => agents.forEach((agent) => void agent.destroy(new GatewayError('UPSTREAM_RESET', 'The gateway is closing.'))),
      graceMs,
    )
    await closing.finally(() => clearTimeout(timer))
  }

  #agent(connectTimeout: number): Agent {
    let agent = this.#agents.get(connectTimeout)
    if (agent === undefined) {
      agent = new Agent({ connect: { timeout: connectTimeout }, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
      this.#agents.set(connectTimeout, agent)
    }
    return agent
  }
}
