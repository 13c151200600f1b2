import { challenge, ofDenial, ofScopes } from './challenge.ts'
import { identity } from './provider.ts'
import { Inquiry } from './inquiry.ts'
import { Refusal } from '../refusal.ts'
import { skipPaths } from './skip-paths.ts'
import { writeIdentity } from './identity-headers.ts'
import type { AuthSettings } from './settings.ts'
import type { Identity } from './provider.ts'
import type { MaybePromise } from '../../upstream/definition.ts'
import type { Named } from './inquiry.ts'
import type { RequestContext } from '../../exchange/context.ts'
import type { RequestHead } from '../../exchange/head.ts'
import type { Rights, RouteAuth } from '../../routing/route.ts'

/** Decides who comes in. Every way through it that does not end in an identity or in an explicit permission ends in a refusal. */
export class Gate {
  readonly #settings: AuthSettings
  readonly #providers: readonly Named[]
  readonly #isSkipped: (request: Readonly<RequestHead>) => boolean
  /** The providers that a route names, by its demand. */
  readonly #byDemand = new WeakMap<RouteAuth, readonly Named[]>()

  constructor(settings: AuthSettings, providers: readonly Named[]) {
    this.#settings = settings
    this.#providers = providers
    this.#isSkipped = skipPaths(settings.skipPaths)
  }

  /** Throws the refusal. */
  enter(ctx: RequestContext): MaybePromise<void> {
    const { auth, source } = ctx.route
    // A route for nobody is closed behind this plugin; who is not known does not learn so much.
    let demand = auth === 'nobody' ? null : auth
    if (demand === false) return
    let asked = demand?.providers === undefined ? this.#providers : this.#named(demand, demand.providers)
    if (asked.length === 0) {
      // None of this plugin's: what the route demands is another's to enforce, and a route without one is refused when it is built.
      if (source === 'config') return
      // A route that came over the network does not choose its way around this plugin either.
      asked = this.#providers
      demand = null
    }
    if (demand === null && this.#isSkipped(ctx.request)) return
    const inquiry = new Inquiry(asked)
    const pending = inquiry.run(ctx)
    if (pending === null) this.#conclude(ctx, inquiry, demand)
    else return pending.then(() => this.#conclude(ctx, inquiry, demand))
  }

  #named(demand: RouteAuth, names: readonly string[]): readonly Named[] {
    let asked = this.#byDemand.get(demand)
    if (asked === undefined) this.#byDemand.set(demand, (asked = this.#providers.filter(({ name }) => names.includes(name))))
    return asked
  }

  #conclude(ctx: RequestContext, inquiry: Inquiry, demand: RouteAuth | null): void {
    if (inquiry.identity !== null) {
      if (demand !== null) check(inquiry.identity, inquiry.knownBy!, demand)
      ctx.set(identity, inquiry.identity)
      return
    }
    const { failure } = inquiry
    // Nobody can say that this caller is not one of those whose provider is down.
    if (failure !== null) throw new Refusal('AUTH_UNAVAILABLE', [], `An auth provider failed: ${failure.message}`, failure)
    if (inquiry.denials.length > 0 || this.#settings.required || demand !== null) throw unauthenticated(inquiry)
  }

  /** Tells an upstream who calls. */
  introduce(ctx: RequestContext, head: RequestHead): void {
    const who = ctx.get(identity)
    if (who !== undefined) writeIdentity(head.headers, this.#settings.headers, who)
  }
}

function check(who: Identity, { authenticator }: Named, demand: RouteAuth): void {
  let missing = lacking(who, demand)
  for (const rights of demand.every ?? []) missing ??= lacking(who, rights)
  if (missing === null) return
  const wanted = ofScopes(missing.scopes)
  throw new Refusal('FORBIDDEN', [['www-authenticate', challenge(authenticator.scheme, wanted)]], `The caller lacks a ${missing.what}.`)
}

/** What a caller lacks first; `null` for nothing. */
function lacking(
  who: Identity,
  { scopes = [], roles, permissions = [] }: Rights,
): { readonly what: string; readonly scopes: readonly string[] } | null {
  if (!scopes.every((scope) => who.scopes.includes(scope))) return { what: 'scope', scopes }
  if (roles !== undefined && !roles.some((role) => who.roles.includes(role))) return { what: 'role', scopes: [] }
  if (permissions.length === 0) return null
  const held = permissionsOf(who)
  return permissions.every((name) => held.includes(name)) ? null : { what: 'permission', scopes: [] }
}

/** The claim `permissions`; nothing when it is neither a list nor a text. */
function permissionsOf({ claims }: Identity): readonly unknown[] {
  const claim = Object.hasOwn(claims, 'permissions') ? claims['permissions'] : undefined
  return typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : []
}

/** One challenge for each scheme, with the reason why the credential that was sent for it did not count. */
function unauthenticated({ asked, denials }: Inquiry): Refusal {
  const schemes = new Map<string, string>()
  for (const { authenticator } of asked) {
    const { scheme } = authenticator
    if (schemes.has(scheme)) continue
    const denied = denials.find(({ by }) => by.authenticator.scheme === scheme)
    schemes.set(scheme, challenge(scheme, denied === undefined ? [] : ofDenial(denied.denial)))
  }
  const fields = [...schemes.values()].map((value) => ['www-authenticate', value] as const)
  const [first] = denials
  return new Refusal('UNAUTHENTICATED', fields, first === undefined ? undefined : `${first.by.name}: ${first.denial.description}`)
}
