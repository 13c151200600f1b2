import { checkOptions, checkSegment } from './check.ts'
import { buildManifest, WEBHOOK_PATH } from './manifest/build.ts'
import { buildRecord } from './registries/record.ts'
import { farpHandler } from './http/handler.ts'
import { fastifyPlugin } from './adapters/fastify.ts'
import { GatewayClient } from './push/gateway-client.ts'
import { honoMiddleware } from './adapters/hono.ts'
import { nodeMiddleware } from './adapters/node.ts'
import { placeOf } from './place.ts'
import { Push } from './push/push.ts'
import { Schemas } from './schemas/schemas.ts'
import type { FarpService } from './service.ts'
import type { FarpServiceChanges, FarpServiceOptions } from './options.ts'
import type { FastifyPlugin } from './adapters/fastify.ts'
import type { HonoMiddleware } from './adapters/hono.ts'
import type { Manifest } from './manifest/manifest.ts'
import type { NodeMiddleware } from './adapters/node.ts'
import type { Place } from './place.ts'
import type { RegisterOptions, Registration } from './push/options.ts'
import type { ServiceRecord } from './registries/record.ts'
import type { Status } from './manifest/instance.ts'

/** Makes a service speak FARP. Throws `TypeError` for options that every gateway would refuse. Nothing starts before `register`. */
export function farp(options: FarpServiceOptions): FarpService {
  return new Service(options)
}

class Service implements FarpService {
  readonly instanceId: string
  readonly fetch: (request: Request) => Promise<Response | undefined>
  readonly hono: HonoMiddleware
  readonly fastify: FastifyPlugin
  readonly node: NodeMiddleware
  readonly #startedAt = now()
  readonly #pushes = new Set<Push>()
  #options: FarpServiceOptions
  #schemas: Schemas
  #updatedAt = this.#startedAt
  #closing: Promise<void> | undefined

  constructor(options: FarpServiceOptions) {
    check(options)
    this.#options = options
    this.#schemas = new Schemas(options)
    this.instanceId = options.instance_id ?? `${options.name}-${crypto.randomUUID().replaceAll('-', '').slice(0, 16)}`
    this.fetch = farpHandler(this.#shown())
    this.hono = honoMiddleware(this.fetch)
    this.fastify = fastifyPlugin(this)
    this.node = nodeMiddleware(this)
  }

  get name(): string {
    return this.#options.name
  }

  get webhookPath(): string | undefined {
    const { secret, on, path = WEBHOOK_PATH } = this.#options.webhook ?? {}
    return secret === undefined || on === undefined ? undefined : path
  }

  async manifest(address?: string): Promise<Manifest> {
    return this.#manifest(this.#place(address))
  }

  record(address?: string): ServiceRecord {
    return this.#record(this.#place(address))
  }

  update(changes: FarpServiceChanges = {}): void {
    const options = { ...this.#options, ...changes }
    check(options)
    this.#options = options
    this.#schemas = new Schemas(options)
    this.#updatedAt = now()
    for (const push of this.#pushes) push.changed()
  }

  register(options: RegisterOptions): Registration {
    if (this.#closing !== undefined) throw new TypeError('the service is closed')
    if (!URL.canParse(options.gateway) || !/^https?:$/.test(new URL(options.gateway).protocol))
      throw new TypeError('gateway must be a URL such as http://gateway:9090')
    const url = new URL(options.gateway)
    const { timeout = 5000, fetch = globalThis.fetch, token, heartbeat = 10_000, retry = 2000, retryMax = 60_000 } = options
    if (url.username !== '' || url.password !== '') throw new TypeError('gateway must not carry credentials; use token')
    const place = this.#pushedPlace(options)
    const client = new GatewayClient({ url, token, timeout, fetch: (target, init) => fetch(target, init) })
    const push: Push = new Push(
      client,
      {
        id: this.instanceId,
        record: () => this.#record(place()),
        manifest: () => this.#manifest(place()),
        status: () => this.#status(),
        log: (entry) => this.#options.log?.({ ...entry, gateway: url.origin }),
      },
      { heartbeat, retry, retryMax },
    )
    this.#pushes.add(push)
    return push
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all([...this.#pushes].map((push) => push.close())).then(() => undefined)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #shown(): Parameters<typeof farpHandler>[0] {
    const webhook = (): FarpServiceOptions['webhook'] => this.#options.webhook
    return {
      get webhook() {
        return webhook()
      },
      status: () => this.#status(),
      manifest: (asked) => this.#manifest(this.#ownPlace() ?? asked),
      schema: (type) => this.#schemas.one(type),
      record: (asked) => this.#record(this.#ownPlace() ?? asked),
      log: (entry) => this.#options.log?.(entry),
    }
  }

  async #manifest(place: Place): Promise<Manifest> {
    const [status, documents] = await Promise.all([this.#status(), this.#schemas.all()])
    const { instanceId: id } = this
    return buildManifest({ options: this.#options, id, status, place, documents, startedAt: this.#startedAt, updatedAt: this.#updatedAt })
  }

  #record(place: Place): ServiceRecord {
    const isPushed = this.#pushes.size > 0
    const { types } = this.#schemas
    return buildRecord({
      options: this.#options,
      id: this.instanceId,
      status: this.#said(),
      place,
      types,
      isPushed,
      startedAt: this.#startedAt,
    })
  }

  /** What the service says, unless its check says worse. */
  async #status(): Promise<Status> {
    const said = this.#said()
    const { isHealthy } = this.#options
    if (isHealthy === undefined || (said !== 'healthy' && said !== 'degraded')) return said
    try {
      return (await isHealthy()) ? said : 'unhealthy'
    } catch (error) {
      this.#options.log?.({ level: 'error', message: 'isHealthy failed', error })
      return 'unhealthy'
    }
  }

  #said(): Status {
    return this.#closing === undefined ? (this.#options.status ?? 'healthy') : 'stopping'
  }

  #ownPlace(): Place | undefined {
    return this.#options.address === undefined ? undefined : placeOf(this.#options.address)
  }

  #place(address: string | undefined): Place {
    const place = address === undefined ? this.#ownPlace() : placeOf(address)
    if (place === undefined) throw new TypeError('where the service listens is not known: give an address, here or in its options')
    return place
  }

  /** Where a gateway finds the instance: as the registration says, else as the options say at the time. */
  #pushedPlace({ address, port }: RegisterOptions): () => Place {
    const placed = (): Place => {
      const place = this.#place(address)
      const scheme = address?.includes('://') === true ? place.scheme : (this.#ownPlace()?.scheme ?? place.scheme)
      return { scheme, host: place.host, port: port ?? place.port }
    }
    placed()
    return placed
  }
}

function check(options: FarpServiceOptions): void {
  checkSegment('name', options.name)
  if (options.instance_id !== undefined) checkSegment('instance_id', options.instance_id)
  checkOptions(options)
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}
