import { both, KNOWN_CALLER, together } from './demand.ts'
import { coverageOf, globParts, pathParts } from './coverage.ts'
import { demandsEverywhere } from '../manifest/auth.ts'
import { isObject } from '../json.ts'
import type { AccessRule, AuthDeclaration } from '../manifest/auth.ts'
import type { Coverage, Parts } from './coverage.ts'
import type { Demand } from './demand.ts'

/** An operation, as rules see it. */
export interface Guarded {
  readonly method: string
  /** What the service sees: grants are compared with it alone. */
  readonly ownPath: string
  /** As its document has it. Demands are compared with it, too. */
  readonly schemaPath: string
  /** As clients call it, and the mount in front of it: demands that begin with the mount are compared with it as well. */
  readonly gatewayPath: string
  readonly mount: string
  /** The operation's `security` in its document. */
  readonly security: readonly unknown[] | undefined
  /** `public` of its entry in `route_table`. */
  readonly isPublic: boolean
}

/** How the words of services are understood. */
export interface Reading {
  /** Names of the operator's providers for a kind of scheme; `undefined` where nothing is mapped at all and every provider counts. */
  providersFor(scheme: string): readonly string[] | undefined
  /** Whether a document's `security` demands something where the manifest demands nothing. */
  readonly readsSecurity: boolean
  /** Whether the service has an operation of exactly this method and path: then that one's route answers there. */
  hasOperation(method: string, path: string): boolean
}

/** What a declaration demands for an operation. */
export interface Declared {
  readonly demand: Demand | undefined
  /** Rules that cover only some of the operation's paths, and hold for all of them. */
  readonly widened: readonly string[]
}

interface Match {
  readonly rule: AccessRule
  /** How specific it is: exact, then by the length of what comes before the first wildcard. */
  readonly rank: number
  /** Whether it is meant for all paths of the operation for certain; only then does it set less specific ones aside. */
  readonly isWhole: boolean
  readonly isWidened: boolean
}

/** Applies a service's declaration to one of its operations, in the order of the protocol; where it leaves a doubt, by the stricter reading. */
export function declaredFor(declaration: AuthDeclaration, operation: Guarded, reading: Reading): Declared {
  const { grants, rules } = preparedOf(declaration)
  const paths = pathsOf(operation)
  if (grants.some((glob) => coverageOf(glob, paths.own) === 'all')) return OPEN
  const matches = rules.flatMap((rule) => matchOf(rule, { operation, paths, reading }))
  const isRestricted = matches.some(({ rule }) => rule.roles.length + rule.permissions.length > 0 || rule.isUnreadable)
  if (!isRestricted && matches.some(({ rule, isWhole }) => rule.isAnonymous && isWhole)) return OPEN
  const security = securityOf(operation)
  const isDemanded =
    demandsEverywhere(declaration) || matches.some(({ rule }) => !rule.isAnonymous) || (reading.readsSecurity && security.isDemanding)
  // A service may take back for an operation what it demands everywhere, but not what its rules say of it.
  if (!isDemanded || (!isRestricted && (operation.isPublic || security.isOpen))) return OPEN
  const best = Math.max(-1, ...matches.filter(({ isWhole }) => isWhole).map(({ rank }) => rank))
  const counting = matches.filter(({ rank }) => rank >= best)
  const base: Demand = {
    providers: declaration.isUnreadable || security.isUnreadable || isTooMuch(counting) ? [] : providersOf(declaration, reading),
    scopes: [...declaration.requiredScopes, ...security.scopes],
    permissions: [],
    roles: declaration.roles.length === 0 ? [] : [declaration.roles],
  }
  const demand = together([base, KNOWN_CALLER, ...(isTooMuch(counting) ? [] : counting.map(({ rule }) => rightsOf(rule)))])
  return { demand, widened: counting.filter(({ isWidened }) => isWidened).map(({ rule }) => rule.path) }
}

/** Roles and permissions that the rules of one operation may demand; whoever demands more can be satisfied by nobody. */
const MOST_NAMES = 500

function isTooMuch(matches: readonly Match[]): boolean {
  return matches.reduce((sum, { rule }) => sum + rule.roles.length + rule.permissions.length, 0) > MOST_NAMES
}

const OPEN: Declared = { demand: undefined, widened: [] }

function rightsOf({ roles, permissions, isUnreadable }: AccessRule): Demand {
  return { providers: isUnreadable ? [] : undefined, scopes: [], permissions, roles: roles.length === 0 ? [] : [roles] }
}

const EXACT = Number.MAX_SAFE_INTEGER

/** A rule with its glob taken apart. */
interface Prepared {
  readonly rule: AccessRule
  readonly glob: Parts
  readonly rank: number
}

/** A declaration is compared with thousands of operations. */
const prepared = new WeakMap<AuthDeclaration, { readonly grants: readonly Parts[]; readonly rules: readonly Prepared[] }>()

function preparedOf(declaration: AuthDeclaration): { readonly grants: readonly Parts[]; readonly rules: readonly Prepared[] } {
  let known = prepared.get(declaration)
  if (known === undefined) {
    const rules = declaration.rules.map((rule): Prepared => {
      // Stricter than written: everything below, however deep.
      const text = rule.path.replace(/\/\*$/, '/**')
      return { rule, glob: globParts(text), rank: text.includes('*') ? text.indexOf('*') : EXACT }
    })
    prepared.set(declaration, (known = { grants: declaration.publicRoutes.map(globParts), rules }))
  }
  return known
}

interface Paths {
  readonly own: Parts
  /** `undefined` where it is the same. */
  readonly schema: Parts | undefined
  readonly gateway: Parts
}

const takenApart = new WeakMap<Guarded, Paths>()

function pathsOf(operation: Guarded): Paths {
  let known = takenApart.get(operation)
  if (known === undefined) {
    const { ownPath, schemaPath, gatewayPath } = operation
    const schema = schemaPath === ownPath ? undefined : pathParts(schemaPath)
    takenApart.set(operation, (known = { own: pathParts(ownPath), schema, gateway: pathParts(gatewayPath) }))
  }
  return known
}

interface Compared {
  readonly operation: Guarded
  readonly paths: Paths
  readonly reading: Reading
}

function matchOf({ rule, glob, rank }: Prepared, { operation, paths, reading }: Compared): Match[] {
  const { method, mount } = operation
  // A route for GET answers HEAD as well.
  const isMethod = rule.methods.length === 0 || rule.methods.includes(method) || (method === 'GET' && rule.methods.includes('HEAD'))
  if (!isMethod) return []
  if (rule.path === '') return [{ rule, rank: EXACT, isWhole: false, isWidened: false }]
  const coverage = coverageOf(glob, paths.own)
  if (coverage === 'all') return [{ rule, rank, isWhole: true, isWidened: false }]
  // Under another spelling it may be meant or not: then it holds, beside what is meant for certain.
  const isMounted = mount !== '' && (rule.path === mount || rule.path.startsWith(`${mount}/`))
  const others: Coverage[] = []
  if (paths.schema !== undefined) others.push(coverageOf(glob, paths.schema))
  if (isMounted) others.push(coverageOf(glob, paths.gateway))
  if (others.includes('all')) return [{ rule, rank: EXACT, isWhole: false, isWidened: false }]
  if (coverage === 'none' && !others.includes('some')) return []
  return !glob.isOpen && reading.hasOperation(method, rule.path) ? [] : [{ rule, rank, isWhole: false, isWidened: true }]
}

function providersOf({ schemes, provider }: AuthDeclaration, reading: Reading): readonly string[] | undefined {
  const mappedName = provider === undefined ? undefined : reading.providersFor(provider)
  // One that is not mapped is meant by its own name.
  const named = provider === undefined ? undefined : mappedName === undefined || mappedName.length === 0 ? [provider] : mappedName
  if (schemes.length === 0) return named
  const mapped = schemes.map(({ type }) => reading.providersFor(type))
  const any = mapped.includes(undefined) ? undefined : [...new Set(mapped.flatMap((names) => names ?? []))].sort()
  return both({ ...KNOWN_CALLER, providers: named }, { ...KNOWN_CALLER, providers: any })!.providers
}

interface Security {
  readonly isDemanding: boolean
  /** Anonymous callers are one of the alternatives. */
  readonly isOpen: boolean
  /** Needed whichever alternative a caller takes. */
  readonly scopes: readonly string[]
  /** It demands more than anybody has. */
  readonly isUnreadable: boolean
}

const NO_SECURITY: Security = { isDemanding: false, isOpen: false, scopes: [], isUnreadable: false }

/** What a document says once stands for thousands of its operations. */
const requirements = new WeakMap<readonly unknown[], Security>()

function securityOf({ security }: Guarded): Security {
  if (security === undefined) return NO_SECURITY
  let known = requirements.get(security)
  if (known === undefined) requirements.set(security, (known = readSecurity(security)))
  return known
}

function readSecurity(security: readonly unknown[]): Security {
  const alternatives = security
    .filter(isObject)
    .map((alternative) => Object.values(alternative).flatMap((scopes) => (Array.isArray(scopes) ? scopes : [])))
  const isOpen = security.length === 0 || security.some((alternative) => isObject(alternative) && Object.keys(alternative).length === 0)
  const [first = [], ...rest] = alternatives
  // From one to the next: each with each would be hours for a hostile list.
  const shared = rest.reduce<unknown[]>((left, other) => {
    const here = new Set<unknown>(other)
    return left.filter((scope) => here.has(scope))
  }, first)
  const scopes = shared.filter((scope): scope is string => typeof scope === 'string' && scope !== '')
  const isUnreadable = !isOpen && scopes.length > MOST_NAMES
  return { isDemanding: security.length > 0 && !isOpen, isOpen, scopes: isOpen || isUnreadable ? [] : scopes, isUnreadable }
}
