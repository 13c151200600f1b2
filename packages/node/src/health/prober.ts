import { checkCall, GRPC_PATH, readStatus, STATUS_WORDS } from './grpc-check.ts'
import { dial } from '../connect/dial.ts'
import { GatewayError, HeaderList } from '@octopus-gateway/core'
import { authorityOf, judgeAnswer, MOST_BODY, USER_AGENT } from '@octopus-gateway/core/lane'
import { readUpTo } from './read-up-to.ts'
import { Tickets } from '../connect/tickets.ts'
import { Wires } from '../wires.ts'
import type { Call, HealthProber, Probe, ProbeResult, Sending } from '@octopus-gateway/core/lane'
import type { Flow, NodeUpload } from '../flow.ts'
import type { UpstreamClient } from '../wires.ts'

const GAVE_UP = new GatewayError('UPSTREAM_TIMEOUT', 'The check was given up.')
/** A message of the health service is a few bytes. */
const MOST_MESSAGE = 1_024
const NO_TICKETS = new Tickets()

/**
 * Asks endpoints as requests reach them: by the transport of their upstream, over connections of its own, so that a check neither waits behind
 * requests nor takes their place.
 */
export class NodeProber implements HealthProber {
  readonly #wires: Wires

  constructor(client?: UpstreamClient) {
    this.#wires = new Wires(client)
  }

  supports(): boolean {
    return true
  }

  async probe(probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
    switch (probe.check.type) {
      case 'http':
        return this.#http(probe, signal)
      case 'grpc':
        return this.#grpc(probe, signal)
      case 'tcp':
        return connects(probe, signal)
    }
  }

  close(): Promise<void> {
    return this.#wires.close(0)
  }

  async #http(probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
    const { check } = probe
    const sending = this.#send(probe, signal, { protocol: 'http', method: 'GET', target: check.path, fields: [], body: null })
    const { head, body } = await sending.answer
    if (check.body === null) {
      // The head says it all. What is not here with it, and may never end, is let go with its connection.
      if (body.takeWhole() === null) body.abort(GAVE_UP)
      return judgeAnswer(check, head.status, null)
    }
    return judgeAnswer(check, head.status, (await readUpTo(MOST_BODY, body)).bytes.toString())
  }

  async #grpc(probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
    const fields = ['content-type', 'application/grpc', 'te', 'trailers']
    const sending = this.#send(probe, signal, {
      protocol: 'grpc',
      method: 'POST',
      target: GRPC_PATH,
      fields,
      body: checkCall(probe.check.service),
    })
    const { head, body } = await sending.answer
    const { bytes, trailers } = await readUpTo(MOST_MESSAGE, body)
    if (head.status !== 200) return { isGood: false, reason: `HTTP status ${head.status} instead of gRPC` }
    const code = (trailers ?? head.headers).get('grpc-status') ?? head.headers.get('grpc-status')
    if (code !== '0') return { isGood: false, reason: `gRPC status ${code ?? 'missing'}` }
    const status = readStatus(bytes)
    return { isGood: status === 1, reason: STATUS_WORDS[status ?? -1] ?? 'an answer that is not one of the health service' }
  }

  #send(
    { endpoint, transport, check }: Probe,
    signal: AbortSignal,
    what: { protocol: Call<NodeUpload>['protocol']; method: string; target: string; fields: readonly string[]; body: NodeUpload },
  ): Sending<Flow> {
    const headers = new HeaderList(['host', authorityOf(endpoint.origin), 'user-agent', USER_AGENT, ...what.fields])
    const sending = this.#wires.send({
      endpoint,
      transport,
      protocol: what.protocol,
      head: { method: what.method, target: what.target, headers },
      body: what.body,
      connectTimeout: check.timeout,
      keep: 0,
      isIdempotent: true,
      isCopied: false,
      informed: null,
    })
    signal.addEventListener('abort', () => sending.abort(GAVE_UP), { once: true })
    return sending
  }
}

/** Whether a connection stands. TLS is not begun: that is what the other kinds are for. */
function connects({ endpoint, transport, check }: Probe, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const origin = plain(endpoint.origin)
    const socket = dial({ origin, transport, alpn: [], timeout: check.timeout, tickets: NO_TICKETS }, (error) => {
      resolve(error === null ? { isGood: true, reason: 'connected' } : { isGood: false, reason: error.message })
      socket.destroy()
    })
    signal.addEventListener('abort', () => socket.destroy(), { once: true })
  })
}

/** The same address without TLS. */
function plain(origin: string): string {
  if (!origin.startsWith('https:')) return origin
  const { host, port } = new URL(origin)
  return `http://${port === '' ? `${host}:443` : host}`
}
