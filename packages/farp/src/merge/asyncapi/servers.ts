import { componentName } from '../names.ts'
import { table } from '../../json.ts'
import type { JsonObject } from '../../json.ts'
import type { RoutedOperation } from '../input.ts'

/** The servers of the merged document: the gateway's own, for each protocol and host that is used. */
export class GatewayServers {
  readonly #host: string | undefined
  readonly #servers = new Map<string, JsonObject>()

  /** `host` is where the gateway is, if that is known. */
  constructor(host: string | undefined) {
    this.#host = host
  }

  /** The name of the server for a routed channel. */
  nameFor({ protocol, host }: RoutedOperation): string {
    const carrier = protocol === 'websocket' ? 'ws' : 'http'
    const name = componentName([carrier === 'ws' ? 'gateway' : 'gateway-http', ...(host === undefined ? [] : [host])].join('_'))
    if (!this.#servers.has(name)) this.#servers.set(name, this.#server(carrier, host))
    return name
  }

  written(): JsonObject {
    return table([...this.#servers].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  #server(protocol: string, host: string | undefined): JsonObject {
    const server = { description: 'Gateway', protocol }
    if (host === undefined && this.#host !== undefined) return { ...server, host: this.#host }
    if (host === undefined)
      return { ...server, host: '{host}', variables: { host: { default: 'localhost', description: 'Where the gateway is.' } } }
    if (!host.endsWith('.*')) return { ...server, host }
    return {
      ...server,
      host: `${host.slice(0, -1)}{domain}`,
      variables: { domain: { default: 'localhost', description: "The gateway's domain." } },
    }
  }
}
