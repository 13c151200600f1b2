import { didYouMean } from '../suggest.ts'
import type { ConfigIssue } from '../errors.ts'
import type { Hooks } from '../plugin/plugin.ts'
import type { Rights, RouteAuth } from '../routing/route.ts'
import type { RouteDefinition } from '../routing/definition.ts'
import type { RouteSet } from './route-set.ts'

/** The auth providers that these plugins ask. */
export function enforcedBy(hooks: readonly Hooks[]): ReadonlySet<string> {
  return new Set(hooks.flatMap((hook) => hook.enforces ?? []))
}

/** Whether a demand is one: it may come over the network, and one that cannot be read must not pass as none. */
export function demandIssues({ auth }: RouteDefinition, path: string): ConfigIssue[] {
  const given: unknown = auth
  if (given === undefined || given === false || given === 'nobody') return []
  if (!isTable(given)) return [invalid(path, 'Write false for anonymous callers, or an object with providers, scopes or roles.')]
  const issues = namesIssues(given, DEMANDS, path)
  const every = given['every']
  if (every === undefined) return issues
  if (!Array.isArray(every)) return [...issues, invalid(`${path}.every`, 'Write a list of rights.')]
  const each = every.flatMap((rights: unknown, index) =>
    isTable(rights)
      ? namesIssues(rights, RIGHTS, `${path}.every[${index}]`)
      : [invalid(`${path}.every[${index}]`, 'Write an object with scopes or roles.')],
  )
  return [...issues, ...each]
}

const RIGHTS: readonly string[] = ['scopes', 'roles', 'permissions'] satisfies readonly (keyof Rights)[]
const DEMANDS: readonly string[] = [...RIGHTS, 'providers', 'every'] satisfies readonly (keyof RouteAuth | string)[]

/** Empty lists that nobody could satisfy, as opposed to those that demand nothing. */
const NEEDS_A_NAME: ReadonlySet<string> = new Set(['providers', 'roles'])

function namesIssues(given: Readonly<Record<string, unknown>>, known: readonly string[], path: string): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  for (const [key, names] of Object.entries(given)) {
    if (!known.includes(key)) issues.push(invalid(`${path}.${key}`, `There is no demand "${key}"${didYouMean(key, known)}.`))
    else if (names === undefined || key === 'every') continue
    else if (!(Array.isArray(names) && names.every((name) => typeof name === 'string' && name !== '')))
      issues.push(invalid(`${path}.${key}`, 'Write a list of names.'))
    else if (names.length === 0 && NEEDS_A_NAME.has(key))
      issues.push(invalid(`${path}.${key}`, 'The list is empty, so nobody could ever be let in: name one, or leave the key out.'))
  }
  return issues
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What of a route's demand nobody enforces. */
export function enforcementIssues({ auth }: RouteDefinition, enforced: ReadonlySet<string>, path: string): ConfigIssue[] {
  if (auth === undefined || auth === false || auth === 'nobody') return []
  if (enforced.size === 0) {
    const message =
      'The route demands authentication, and no plugin on it authenticates: add auth({ providers: [...] }) to the plugins, or write auth: false for anonymous callers.'
    return [{ code: 'auth_not_enforced', path, message }]
  }
  return (auth.providers ?? [])
    .filter((name) => !enforced.has(name))
    .map((name) => ({
      code: 'unknown_auth_provider',
      path,
      message: `No auth plugin on this route has a provider "${name}"${didYouMean(name, enforced) || ': give it one, or correct the name.'}`,
    }))
}

/** The same for the routes of sources, on which only the gateway's own plugins run. */
export function setIssues(sets: ReadonlyMap<string, readonly RouteSet[]>, enforced: ReadonlySet<string>): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  for (const [source, list] of sets) {
    for (const { service, routes } of list) {
      for (const [index, route] of routes.entries())
        issues.push(...enforcementIssues(route, enforced, `source ${source}, service ${service}: routes[${index}].auth`))
    }
  }
  return issues
}

function invalid(path: string, message: string): ConfigIssue {
  return { code: 'invalid_value', path, message }
}
