import { isObject, own, ownList, ownText, table } from '../json.ts'
import type { JsonObject } from '../json.ts'

/** One way to prove who one is, as a service knows it. */
export interface DeclaredScheme {
  /** Lower case: `bearer`, `apikey`, `basic`, `mtls`, `oauth2`, `oidc`, `custom`. */
  readonly type: string
}

/** Who may call some paths of a service. */
export interface AccessRule {
  /** A glob; empty when it cannot be read, and then the rule is taken to cover everything. */
  readonly path: string
  /** Upper case; empty for all. */
  readonly methods: readonly string[]
  /** Any of them. */
  readonly roles: readonly string[]
  /** All of them. */
  readonly permissions: readonly string[]
  readonly isAnonymous: boolean
  /** It demands something that cannot be read: nobody can satisfy it. */
  readonly isUnreadable: boolean
}

/** What a service demands of its callers: `auth`, and Octopus' `auth_config`. */
export interface AuthDeclaration {
  readonly schemes: readonly DeclaredScheme[]
  readonly requiredScopes: readonly string[]
  readonly rules: readonly AccessRule[]
  /** Globs. */
  readonly publicRoutes: readonly string[]
  /** Entries of `route_table` that call themselves public: `GET /users/{id}`. */
  readonly publicOperations: readonly string[]
  /** `auth_config.auth_provider`: an operator's provider by its own name. */
  readonly provider: string | undefined
  /** `auth_config.require_roles`: any of them, everywhere. */
  readonly roles: readonly string[]
  /** The service demands something everywhere that cannot be read: nobody can satisfy it. */
  readonly isUnreadable: boolean
  /** What could not be read; each of it makes the demands stricter, never looser. */
  readonly oddities: readonly string[]
}

const MAX_RULES = 200
const MAX_ROUTES = 10_000
const MAX_NAMES = 100
const MAX_TEXT = 1024

/** Reads what a manifest demands. A member that cannot be read never counts as a grant, and no demand is dropped because it is malformed. */
export function readAuth(manifest: JsonObject): AuthDeclaration {
  const oddities: string[] = []
  let isUnreadable = false
  const odd = (text: string): void => void oddities.push(text)
  const broken = (text: string): void => {
    isUnreadable = true
    oddities.push(`${text} cannot be read, so nobody can satisfy it`)
  }
  const section = (name: string): JsonObject => {
    const value = own(manifest, name) ?? undefined
    if (value !== undefined && !isObject(value)) broken(name)
    return isObject(value) ? value : table()
  }
  const auth = section('auth')
  const config = section('auth_config')
  const demanded = (object: JsonObject, name: string): readonly string[] => {
    const read = demandedNames(own(object, name))
    if (read === undefined) broken(name)
    return read ?? []
  }
  const rules = listOf(auth, 'access_control', broken)
  const isTooLong = rules.length > MAX_RULES
  if (isTooLong) broken(`access_control, which has more than ${MAX_RULES} rules,`)
  return {
    schemes: listOf(auth, 'schemes', odd).slice(0, MAX_NAMES).map(readScheme),
    requiredScopes: [...demanded(auth, 'required_scopes'), ...demanded(config, 'require_scopes')],
    rules: rules.slice(0, MAX_RULES).map((rule, index) => readRule(rule, (text) => odd(`access_control[${index}] ${text}`))),
    publicRoutes: isTooLong ? [] : readGrants(auth, odd),
    publicOperations: readPublic(manifest),
    provider: ownText(config, 'auth_provider') || undefined,
    roles: demanded(config, 'require_roles'),
    isUnreadable,
    oddities: oddities.slice(0, 10),
  }
}

/** Whether a service demands something of every caller. `schemes: null`, as peers written in Go send it, is nothing. */
export function demandsEverywhere({ schemes, requiredScopes, provider, roles, isUnreadable }: AuthDeclaration): boolean {
  return schemes.length + requiredScopes.length + roles.length > 0 || provider !== undefined || isUnreadable
}

/** Whether a service demands anything of anybody. */
export function isDemanding(declaration: AuthDeclaration): boolean {
  return demandsEverywhere(declaration) || declaration.rules.some(({ isAnonymous }) => !isAnonymous)
}

/** A list of whatever; what is no list is one thing that cannot be read. */
function listOf(object: JsonObject, name: string, odd: (text: string) => void): readonly unknown[] {
  const value = own(object, name) ?? undefined
  if (value === undefined || Array.isArray(value)) return value ?? []
  odd(name)
  return [value]
}

function readScheme(scheme: unknown): DeclaredScheme {
  return { type: (isObject(scheme) ? (ownText(scheme, 'type') ?? '') : '').toLowerCase().slice(0, 40) }
}

function readRule(rule: unknown, odd: (text: string) => void): AccessRule {
  const raw = isObject(rule) ? rule : table()
  const written = ownText(raw, 'path') ?? ''
  const isUsable = written !== '' && !written.startsWith('regex:') && written.length <= MAX_TEXT
  if (!isUsable)
    odd(written.startsWith('regex:') ? 'is a regular expression, so it covers every path' : 'has no usable path, so it covers every path')
  const roles = demandedNames(own(raw, 'roles'))
  const permissions = demandedNames(own(raw, 'permissions'))
  const named = new Set(ownList(raw, 'methods').flatMap((method) => (typeof method === 'string' ? [method.toUpperCase()] : [])))
  const isUnreadable = roles === undefined || permissions === undefined
  if (isUnreadable) odd('has roles or permissions that cannot be read, so nobody can satisfy it')
  return {
    path: isUsable ? written : '',
    // More than anybody has cover all: every operation is compared with them.
    methods: named.size > MAX_NAMES ? [] : [...named],
    roles: roles ?? [],
    permissions: permissions ?? [],
    // A grant must say where it applies, and demand nothing itself.
    isAnonymous:
      own(raw, 'allow_anonymous') === true && isUsable && named.size <= MAX_NAMES && roles?.length === 0 && permissions?.length === 0,
    isUnreadable,
  }
}

/** Names that are demanded; `undefined` when some of them cannot be read, because the rest would demand less. */
function demandedNames(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.length > MAX_NAMES) return undefined
  return value.every((name): name is string => typeof name === 'string' && name !== '' && name.length <= MAX_TEXT) ? value : undefined
}

function readPublic(manifest: JsonObject): string[] {
  return ownList(manifest, 'route_table')
    .slice(0, MAX_ROUTES)
    .filter(isObject)
    .flatMap((route) => {
      const path = ownText(route, 'path')
      if (own(route, 'public') !== true || path === undefined || path.length > MAX_TEXT) return []
      const methods = ownList(route, 'methods').filter((method) => typeof method === 'string')
      return (methods.length === 0 ? ['GET'] : methods).map((method) => `${method.toUpperCase()} ${path}`)
    })
}

function readGrants(auth: JsonObject, odd: (text: string) => void): string[] {
  const globs = ownList(auth, 'public_routes').filter(
    (glob) => typeof glob === 'string' && glob !== '' && glob.length <= MAX_TEXT,
  ) as string[]
  if (globs.some((glob) => glob.startsWith('regex:'))) odd('public_routes has a regular expression, which makes nothing public')
  return globs.filter((glob) => !glob.startsWith('regex:')).slice(0, MAX_RULES)
}
