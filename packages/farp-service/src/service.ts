import type { FarpServiceChanges } from './options.ts'
import type { FastifyPlugin } from './adapters/fastify.ts'
import type { HonoMiddleware } from './adapters/hono.ts'
import type { Manifest } from './manifest/manifest.ts'
import type { NodeMiddleware } from './adapters/node.ts'
import type { RegisterOptions, Registration } from './push/options.ts'
import type { ServiceRecord } from './registries/record.ts'

/** A service that speaks FARP. */
export interface FarpService extends AsyncDisposable {
  readonly name: string
  readonly instanceId: string
  /** Answers `/_farp/manifest`, `/_farp/health`, `/_farp/schemas/{type}`, `/_farp/discovery` and the webhook; `undefined` for every other path. */
  readonly fetch: (request: Request) => Promise<Response | undefined>
  /** `app.use(service.hono)` */
  readonly hono: HonoMiddleware
  /** `app.register(service.fastify)` */
  readonly fastify: FastifyPlugin
  /** `app.use(service.node)` in Express and Connect, before body parsers. In `createServer`: `service.node(request, response, () => …)`. */
  readonly node: NodeMiddleware
  /** The manifest. Rejects when a schema cannot be made. `address` as in the options, for a service that has none. */
  manifest(address?: string): Promise<Manifest>
  /** What a registry is told; see `consulMeta` and its neighbours. Throws `TypeError` when neither here nor in the options an address is given. */
  record(address?: string): ServiceRecord
  /**
   * Changes what the service says of itself, from the next request on; gateways it is registered with hear of it at once. Schemas that are made by
   * a function are made again. Throws `TypeError`, and changes nothing, for what a gateway would refuse.
   */
  update(changes?: FarpServiceChanges): void
  /**
   * Registers with a gateway, now and as often as it is needed: tries again after 2 s, then 4 s, up to 60 s; sends a heartbeat every 10 s; registers
   * again when the gateway forgot or holds other routes. Throws `TypeError` for options that cannot work; what happens later is told to `log`.
   */
  register(options: RegisterOptions): Registration
  /** Says `stopping` from now on and deregisters from every gateway. Call it before the server stops listening. Never rejects. */
  close(): Promise<void>
}
