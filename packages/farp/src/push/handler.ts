import { Access, isAuthorityOf } from './access.ts'
import { checkRights, register } from './register.ts'
import { Gate } from './gates.ts'
import { json, PushError, refusal } from './push-error.ts'
import { listed, standingOf } from './listing.ts'
import { own, ownText } from '../json.ts'
import { readBody } from './body.ts'
import { readSubmission, statusOf } from './submission.ts'
import { table } from '../json.ts'
import type { Caller, Logger, ProvidedEndpoint } from '@octopus-gateway/core'
import type { Desk } from './desk.ts'
import type { JsonObject } from '../json.ts'
import type { Principal } from './access.ts'
import type { Registered } from './register.ts'
import type { Registration } from './registration.ts'
import type { Settings } from '../options.ts'
import type { Submission } from './submission.ts'

/** One call, after it was admitted. */
interface Call {
  readonly request: Request
  readonly principal: Principal
  readonly desk: Desk
  readonly log: Logger
  /** The last segment of the path, decoded, where the endpoint has one. */
  readonly name: string
}

type Method = (call: Call) => Promise<Response>

/** The push endpoints at every place where they are served; none when push is off. `deskOf` is asked for every call. */
export function pushEndpoints(
  settings: Settings,
  deskOf: () => { readonly desk: Desk; readonly log: Logger } | undefined,
): readonly ProvidedEndpoint[] {
  if (!settings.push.enabled) return []
  const push = new PushHandler(settings, deskOf)
  return settings.push.paths.map((path) => ({ path, access: 'own', handler: (request, caller) => push.answer(path, { request, caller }) }))
}

class PushHandler {
  readonly #settings: Settings
  readonly #access: Access
  readonly #deskOf: () => { readonly desk: Desk; readonly log: Logger } | undefined
  readonly #gates: { readonly updates: Gate; readonly all: Gate }
  readonly #endpoints: ReadonlyMap<string, Readonly<Record<string, Method>>>

  constructor(settings: Settings, deskOf: () => { readonly desk: Desk; readonly log: Logger } | undefined) {
    const { limits } = settings
    this.#settings = settings
    this.#deskOf = deskOf
    this.#access = new Access(settings.push, limits)
    this.#gates = { updates: new Gate(limits.updatesPerMinute), all: new Gate(limits.registrationsPerMinute) }
    const remove: Method = (call) => this.#deregister(call)
    this.#endpoints = new Map<string, Readonly<Record<string, Method>>>([
      ['register', { POST: (call) => this.#register(call) }],
      ['heartbeat/', { PUT: (call) => this.#heartbeat(call) }],
      ['deregister/', { DELETE: remove }],
      ['services', { GET: (call) => Promise.resolve(services(call)) }],
      ['services/', { GET: (call) => Promise.resolve(instances(call)), PUT: (call) => this.#register(call), DELETE: remove }],
    ])
  }

  /** Answers a request below `base`. Rejects only for faults of the gateway. */
  async answer(base: string, { request, caller }: { readonly request: Request; readonly caller: Caller }): Promise<Response> {
    try {
      return await this.#answer(new URL(request.url).pathname.slice(base.length), request, caller)
    } catch (thrown) {
      if (thrown instanceof PushError) return refusal(thrown)
      throw thrown
    }
  }

  async #answer(path: string, request: Request, caller: Caller): Promise<Response> {
    const principal = await this.#access.admit(request, caller)
    const { endpoint, name } = partsOf(path)
    const methods = this.#endpoints.get(endpoint)
    if (methods === undefined) throw new PushError(404, 'NOT_FOUND', 'there is no such endpoint')
    const isHead = request.method === 'HEAD'
    const method = isHead ? 'GET' : request.method
    const run = Object.hasOwn(methods, method) ? methods[method] : undefined
    if (run === undefined) {
      const allow = Object.keys(methods).flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one]))
      throw new PushError(405, 'METHOD_NOT_ALLOWED', 'this method is not answered here', { headers: { allow: allow.join(', ') } })
    }
    const at = this.#deskOf()
    if (at === undefined || !at.desk.registry.isLoaded)
      throw new PushError(503, 'NOT_READY', 'the gateway is starting', { headers: { 'retry-after': '1' } })
    const response = await run({ request, principal, name, ...at })
    return isHead ? new Response(null, response) : response
  }

  async #register(call: Call): Promise<Response> {
    const { request, principal, desk, log, name } = call
    const { limits } = this.#settings
    const submission = readSubmission(await readBody(request, limits), limits)
    if (name !== '' && submission.service !== name)
      throw new PushError(400, 'SERVICE_NAME_DIFFERS', 'the path names another service than the body')
    const registered = await register(submission, principal, { desk, settings: this.#settings, gates: this.#gates })
    await desk.settled(registered.registration)
    const standing = standingOf(desk, registered.registration)
    audit(log, registered, standing.schemas_applied)
    return answerOf(submission, registered, { desk, body: { status: 'registered', ...standing } })
  }

  async #heartbeat({ request, principal, desk, name }: Call): Promise<Response> {
    const body = request.body === null ? (table() as JsonObject) : await readBody(request, this.#settings.limits)
    const registration = mine(byId(desk, name), principal)
    await desk.registry.beat(registration, statusOf(ownText(body, 'status') ?? ''))
    const standing = standingOf(desk, registration)
    const theirs = own(body, 'routes_checksum')
    const isOther = typeof theirs === 'string' && theirs !== '' && theirs !== standing.routes_checksum
    if ((isOther || standing.schemas_applied === 0) && this.#gates.updates.take(registration.service) === 0) desk.lookAt(registration)
    return json(200, { status: 'ok', ...standing })
  }

  /** By id; or, as Forge does, by the name of the service: then its one instance, or those that the caller's address registered. */
  async #deregister({ request, principal, desk, name }: Call): Promise<Response> {
    const isServiceOnly = new URL(request.url).pathname.includes('/services/')
    const found = isServiceOnly ? [] : byId(desk, name)
    const leaving = found.length > 0 ? [mine(found, principal)] : byName(desk, name, principal)
    for (const registration of leaving) await desk.registry.remove(registration, 'deregistered')
    return json(200, { status: 'deregistered', instances: leaving.map(({ id }) => id).sort() })
  }
}

/** `heartbeat/` and the name behind it, or `register` without one. */
function partsOf(path: string): { readonly endpoint: string; readonly name: string } {
  const [, first = '', second, ...more] = path.split('/')
  if (second === undefined || second === '') return { endpoint: more.length > 0 ? '' : first, name: '' }
  if (more.length > 0) return { endpoint: '', name: '' }
  try {
    return { endpoint: `${first}/`, name: decodeURIComponent(second) }
  } catch {
    throw new PushError(400, 'INVALID_PATH', 'the last segment of the path is not percent-encoded correctly')
  }
}

function byId({ registry }: Desk, id: string): readonly Registration[] {
  return registry.where((registration) => registration.id === id)
}

/** The one registration of an id that the caller may touch. Ids are unique in practice, but nobody guarantees it across services. */
function mine(found: readonly Registration[], principal: Principal): Registration {
  const registration = found.find((one) => isAuthorityOf(principal, one))
  if (registration !== undefined) return registration
  if (found.length > 0) throw new PushError(403, 'INSTANCE_OWNED', 'the instance is registered by somebody else')
  throw new PushError(404, 'INSTANCE_NOT_FOUND', 'instance not found', {
    body: { action: 're-register', message: 'register the instance again, with its manifest' },
  })
}

function byName(desk: Desk, service: string, principal: Principal): readonly Registration[] {
  const all = desk.registry.where((registration) => registration.service === service)
  if (all.length === 0) return [mine([], principal)]
  const [only] = all
  if (all.length === 1 && only !== undefined) return [mine(all, principal)]
  const near = all.filter((registration) => registration.source === principal.ip && isAuthorityOf(principal, registration))
  if (near.length > 0) return near
  if (!all.some((registration) => isAuthorityOf(principal, registration))) mine(all, principal)
  throw new PushError(409, 'NAME_AMBIGUOUS', 'the service has several instances, none from this address; name one by its id')
}

function services({ desk, principal }: Call): Response {
  const visible = desk.registry.list.filter(({ service }) => principal.services === undefined || principal.services.has(service))
  return json(
    200,
    visible.map((registration) => listed(desk, registration)),
  )
}

function instances({ desk, principal, name }: Call): Response {
  checkRights(principal, name)
  const found = desk.registry.list.filter(({ service }) => service === name)
  if (found.length === 0) throw new PushError(404, 'SERVICE_NOT_FOUND', 'no instance of this service is registered')
  return json(
    200,
    found.map((registration) => listed(desk, registration)),
  )
}

function answerOf(
  { form }: Submission,
  { registration, isNew }: Registered,
  { desk, body }: { readonly desk: Desk; readonly body: object },
): Response {
  if (form === 'instance') return json(isNew ? 201 : 200, { ...body, instance_id: registration.id })
  const routes = desk.routesOf(registration.service)
  const message = `${registration.service} is registered with ${routes.length} routes`
  return json(201, { success: true, message, routes, ...body, instance_id: registration.id })
}

function audit(log: Logger, { registration, manifest, isNew }: Registered, schemas: number): void {
  const { service, id: instance, version, host, port, source } = registration
  log.info(isNew ? 'an instance registered itself' : 'an instance registered itself again', {
    service,
    instance,
    version,
    address: `${host}:${port}`,
    source,
    checksum: manifest?.checksum ?? '',
    schemas,
  })
}
