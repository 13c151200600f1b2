import { both, implies, KNOWN_CALLER, toRouteAuth } from './demand.ts'
import { clean } from '../text.ts'
import { declaredFor } from './declared.ts'
import { finding } from '../findings.ts'
import type { AuthDeclaration } from '../manifest/auth.ts'
import type { AuthSettings } from './settings.ts'
import type { Demand } from './demand.ts'
import type { Finding, RouteDefinition } from '@octopus-gateway/core'
import type { Guarded, Reading } from './declared.ts'

/** What a pool offers, as far as demands depend on it. */
export interface Pool {
  readonly settings: AuthSettings
  /** Of all generations that serve. All of them hold for every route: requests go to any of them. */
  readonly declarations: readonly AuthDeclaration[]
  /** Everything that is routed. */
  readonly operations: readonly Guarded[]
  /** The auth providers that the gateway asks. */
  readonly providers: ReadonlySet<string>
}

/** What the routes of a pool demand. */
export interface PoolAuth {
  /** The `auth` of a route; `undefined` where the gateway's own policy decides. */
  of(operation: Guarded): RouteDefinition['auth']
  readonly findings: readonly Finding[]
}

/** Declarations that are remembered beside those that serve. */
const MAX_HELD = 4

/**
 * The demands of one pool, and what they were before: what a service once demanded holds on when an update takes it back, unless the operator
 * allows that. The memory is that of the process.
 */
export class AuthBook {
  #held: readonly AuthDeclaration[]
  #demands: ReadonlyMap<string, Demand> = new Map()

  /** `held`: what the service demanded at other places before. */
  constructor(held: readonly AuthDeclaration[] = []) {
    this.#held = held
  }

  /** What holds for new operations. */
  get held(): readonly AuthDeclaration[] {
    return this.#held
  }

  /** Takes over what a pool offers now. */
  demands(pool: Pool): PoolAuth {
    const { settings, declarations, operations, providers } = pool
    const findings: Finding[] = declarations.flatMap(({ oddities }) => oddities.map((text) => finding('AUTH_UNCLEAR', `auth: ${text}`)))
    if (declarations.some((declaration) => isTooMuch(declaration, operations)))
      findings.push(finding('AUTH_UNCLEAR', 'auth: there are too many rules for so many operations, so nobody can satisfy them'))
    const reading = readingOf(pool)
    const now = combine(declarations, operations, reading)
    const full = this.#withMemory(now, pool, findings)
    if (now.widened.length > 0) {
      const list = now.widened.slice(0, 5).map((path) => `"${clean(path, 100)}"`)
      findings.push(
        finding(
          'AUTH_WIDENED',
          `access rules for ${list.join(', ')} hold for whole operations whose paths they cover in part; list these paths in the document`,
        ),
      )
    }
    const isOn = settings.enforce === 'always' || (settings.enforce === 'auto' && providers.size > 0)
    if (!isOn) {
      if (full.size > 0) findings.push(notEnforced(full.size, settings))
      return { of: () => undefined, findings }
    }
    const auths = new Map<string, RouteDefinition['auth']>()
    const nobody: string[] = []
    for (const operation of operations) {
      const key = keyOf(operation)
      const demand = both(full.get(key), settings.otherwise === 'required' ? KNOWN_CALLER : undefined)
      const auth = demand === undefined ? undefined : enforceable(demand, providers)
      if (auth === 'nobody') nobody.push(key)
      auths.set(key, auth)
    }
    if (nobody.length > 0) findings.push(closed(nobody, providers))
    // What was not foreseen is not open.
    return { of: (operation) => (auths.has(keyOf(operation)) ? auths.get(keyOf(operation)) : 'nobody'), findings }
  }

  #withMemory(
    { demands: now }: Combined,
    { settings, declarations, operations, ...pool }: Pool,
    findings: Finding[],
  ): ReadonlyMap<string, Demand> {
    if (settings.allowRelaxation) return this.#remember(now, declarations)
    const isHeld = this.#held.length === declarations.length && this.#held.every((held, index) => held === declarations[index])
    const before = isHeld ? now : combine(this.#held, operations, readingOf({ settings, declarations, operations, ...pool })).demands
    const full = new Map<string, Demand>()
    const relaxed: string[] = []
    for (const operation of operations) {
      const key = keyOf(operation)
      const demand = both(both(before.get(key), this.#demands.get(key)), now.get(key))
      if (demand === undefined) continue
      full.set(key, demand)
      if (!implies(now.get(key), demand)) relaxed.push(key)
    }
    if (relaxed.length === 0) return this.#remember(now, declarations)
    findings.push(
      finding(
        'AUTH_RELAXATION',
        `an update takes back what ${relaxed.length} operations demanded, ${clean(relaxed[0]!, 100)} for one; the earlier demands hold on until farp.auth.allow_relaxation is true`,
      ),
    )
    return this.#remember(full, mostHeld([...this.#held, ...declarations]))
  }

  #remember(demands: ReadonlyMap<string, Demand>, held: readonly AuthDeclaration[]): ReadonlyMap<string, Demand> {
    this.#held = held
    this.#demands = demands
    return demands
  }
}

interface Combined {
  readonly demands: ReadonlyMap<string, Demand>
  readonly widened: readonly string[]
}

/** All declarations at once. */
function combine(declarations: readonly AuthDeclaration[], operations: readonly Guarded[], reading: Reading): Combined {
  const demands = new Map<string, Demand>()
  const widened = new Set<string>()
  const said = declarations.map((declaration) => ({
    declaration: isTooMuch(declaration, operations) ? { ...declaration, rules: [], publicRoutes: [], isUnreadable: true } : declaration,
    open: new Set(declaration.publicOperations),
  }))
  for (const operation of operations) {
    const key = keyOf(operation)
    for (const { declaration, open } of said) {
      const isPublic = open.has(`${operation.method} ${operation.schemaPath}`)
      const declared = declaredFor(declaration, isPublic ? { ...operation, isPublic } : operation, reading)
      const demand = both(demands.get(key), declared.demand)
      if (demand !== undefined) demands.set(key, demand)
      for (const path of declared.widened) widened.add(path)
    }
  }
  return { demands, widened: [...widened] }
}

/** Every rule is compared with every operation, on the thread that serves requests. */
const MAX_COMPARISONS = 200_000

function isTooMuch({ rules, publicRoutes }: AuthDeclaration, operations: readonly Guarded[]): boolean {
  return (rules.length + publicRoutes.length) * operations.length > MAX_COMPARISONS
}

function readingOf({ settings, operations }: Pool): Reading {
  const { providers } = settings
  const known = new Set(operations.map(({ method, ownPath }) => `${method} ${ownPath}`))
  return {
    providersFor: (scheme) => (providers.size === 0 ? undefined : (providers.get(scheme) ?? [])),
    readsSecurity: settings.enforce === 'always',
    hasOperation: (method, path) => known.has(`${method} ${path}`),
  }
}

/** A demand for the providers that there are. */
function enforceable(demand: Demand, providers: ReadonlySet<string>): RouteDefinition['auth'] {
  if (providers.size === 0) return 'nobody'
  return toRouteAuth({ ...demand, providers: demand.providers?.filter((name) => providers.has(name)) })
}

function keyOf({ method, gatewayPath }: Guarded): string {
  return `${method} ${gatewayPath}`
}

function notEnforced(count: number, { enforce }: AuthSettings): Finding {
  const remedy =
    enforce === 'never'
      ? 'farp.auth.enforce is never'
      : 'the gateway asks nobody about callers: add the auth policy with a provider, or set farp.auth.enforce to always'
  return finding(
    'AUTH_NOT_ENFORCED',
    `the service demands something of the callers of ${count} operations; the gateway lets them pass and the service must check, because ${remedy}`,
  )
}

function closed(routes: readonly string[], providers: ReadonlySet<string>): Finding {
  const why =
    providers.size === 0
      ? 'no plugin of the gateway authenticates callers'
      : 'no provider of the gateway stands for what the service accepts; map its schemes in farp.auth.providers'
  return finding('AUTH_NOBODY', `${routes.length} routes admit nobody, ${clean(routes[0]!, 100)} for one: ${why}`)
}

/** Each once; those that were there first. */
export function mostHeld(declarations: readonly AuthDeclaration[]): AuthDeclaration[] {
  return distinct(declarations).slice(0, MAX_HELD)
}

function distinct(declarations: readonly AuthDeclaration[]): AuthDeclaration[] {
  return [...new Map(declarations.map((declaration) => [JSON.stringify(declaration), declaration])).values()]
}
