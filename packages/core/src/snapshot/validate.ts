import { balancingIssues } from '../upstream/balancing.ts'
import { demandIssues } from './validate-auth.ts'
import { compileRules } from '../routing/path-rules.ts'
import { didYouMean } from '../suggest.ts'
import { healthIssues } from '../upstream/health.ts'
import { parseHost } from '../routing/hosts.ts'
import { patternOf } from '../routing/pattern.ts'
import { pathOf } from '../routing/normalize.ts'
import { retryIssues } from '../exchange/retry-settings.ts'
import { policyIssues } from '../plugins/route-policies.ts'
import { slices } from '../slices.ts'
import { toMilliseconds } from '../time.ts'
import { isOrigin, isPriority } from '../upstream/endpoint.ts'
import { isSplitKey } from '../routing/split.ts'
import type { ConfigIssue } from '../errors.ts'
import type { Duration } from '../time.ts'
import type { GatewayBalancingSettings } from '../upstream/balancing.ts'
import type { MountRewrite } from '../routing/mount-rewrites.ts'
import type { RouteDefinition, Target } from '../routing/definition.ts'
import type { RoutingSettings, UpstreamDefinition, UpstreamOptions } from '../upstream/definition.ts'

/** Everything wrong with routes and upstreams; `path` prefixes every issue. */
export async function validateRoutes(
  routes: readonly RouteDefinition[],
  upstreams: ReadonlySet<string>,
  path: string,
): Promise<ConfigIssue[]> {
  const issues: ConfigIssue[] = []
  const turn = slices()
  for (const [index, route] of routes.entries()) {
    await turn()
    issues.push(...validateRoute(route, upstreams, `${path}[${index}]`))
    if (route.policies !== undefined) issues.push(...policyIssues(route.policies, `${path}[${index}].policies`))
  }
  return issues
}

function validateRoute(route: RouteDefinition, upstreams: ReadonlySet<string>, path: string): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  collect(issues, `${path}.path`, () => patternOf(route))
  collect(issues, `${path}.host`, () => parseHost(route.host))
  for (const key of ['stripPrefix', 'addPrefix'] as const) {
    const prefix = route.rewrite?.[key]
    if (prefix !== undefined && !isPathPrefix(prefix))
      issues.push(
        invalid(
          `${path}.rewrite.${key}`,
          `"${prefix}" is not a path prefix: write /api, percent-encoded where it must be, without query or dot segments.`,
        ),
      )
  }
  if (route.rewrite?.rules !== undefined) collect(issues, `${path}.rewrite.rules`, () => compileRules(route.rewrite!.rules!))
  for (const method of route.methods ?? []) {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(method)) issues.push(invalid(`${path}.methods`, `"${method}" is not a method.`))
  }
  for (const name of route.ownFields ?? [])
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) issues.push(invalid(`${path}.ownFields`, `"${name}" is not the name of a field.`))
  for (const [name, value] of Object.entries(route.responseFields ?? {}))
    if (!isResponseField(name, value))
      issues.push(invalid(`${path}.responseFields`, `"${name}" is not a field that a route can set, or its value is none.`))
  if (route.methods?.length === 0) issues.push(invalid(`${path}.methods`, 'The list is empty: leave the key out for every method.'))
  issues.push(...demandIssues(route, `${path}.auth`))
  if (route.priority !== undefined && !(route.priority >= 0 && route.priority <= 100))
    issues.push(invalid(`${path}.priority`, 'A priority is a number from 0 to 100.'))
  if (route.timeoutHint !== undefined)
    collect(issues, `${path}.timeoutHint`, () => {
      if (toMilliseconds(route.timeoutHint!) === 0) throw new TypeError('A timeout of 0 would end every request: leave the key out.')
    })
  if (typeof route.upstream === 'string') issues.push(...checkTarget(route.upstream, upstreams, `${path}.upstream`))
  else issues.push(...targetIssues(route.upstream, upstreams, `${path}.upstream`))
  if (route.splitOn !== undefined && !isSplitKey(route.splitOn))
    issues.push(invalid(`${path}.splitOn`, `"${String(route.splitOn)}" is not ip, header:<name> or cookie:<name>.`))
  return [...issues, ...validateSettings(route, path)]
}

/** Fields that frame a message belong to whoever sends it. */
const FRAMING = /^(?:connection|content-length|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/i

function isResponseField(name: string, value: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]{1,100}$/.test(name) && !FRAMING.test(name) && /^[\t\u0020-\u007e]{1,4096}$/.test(value)
}

/** Everything wrong with what a source says of the paths below a mount. */
export function rewriteIssues({ host, prefix, rules }: MountRewrite, path: string): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  collect(issues, `${path}.host`, () => parseHost(host))
  collect(issues, `${path}.rules`, () => compileRules(rules))
  if (prefix !== '' && (!prefix.startsWith('/') || prefix.endsWith('/') || !isPathPrefix(prefix)))
    issues.push(invalid(`${path}.prefix`, `"${prefix}" is not a mount: write /users, without a slash at the end, or nothing for the root.`))
  return issues
}

/** Whether a text can stand in front of the path of a request: it must itself pass as the path of one. */
export function isPathPrefix(prefix: string): boolean {
  const path = prefix.startsWith('/') ? prefix : `/${prefix}`
  return !path.includes('?') && pathOf(path) !== null
}

function checkTarget(name: string, upstreams: ReadonlySet<string>, path: string): ConfigIssue[] {
  if (upstreams.has(name)) return []
  return [
    {
      code: 'dangling_upstream',
      path,
      message: `There is no upstream "${name}"${didYouMean(name, upstreams) || ': add it to upstreams, or correct the name.'}`,
    },
  ]
}

function targetIssues(targets: readonly Target[], upstreams: ReadonlySet<string>, path: string): ConfigIssue[] {
  if (targets.length === 0) return [invalid(path, 'The list is empty: name at least one upstream.')]
  const names = targets.map(({ upstream }) => upstream)
  const issues = targets.flatMap((target, index) => [
    ...checkTarget(target.upstream, upstreams, `${path}[${index}].upstream`),
    ...(names.indexOf(target.upstream) === index
      ? []
      : [invalid(`${path}[${index}].upstream`, `"${target.upstream}" is in the list already: give it one place.`)]),
    ...(target.weight === undefined || (target.weight >= 0 && Number.isFinite(target.weight))
      ? []
      : [invalid(`${path}[${index}].weight`, 'A weight is a number from 0 up.')]),
    ...(target.match === undefined || Object.keys({ ...target.match.headers, ...target.match.cookies, ...target.match.query }).length > 0
      ? []
      : [invalid(`${path}[${index}].match`, 'Nothing is asked for: name a header, a cookie or a parameter, or leave match out.')]),
  ])
  if (targets.every(({ weight }) => weight === 0))
    issues.push(invalid(path, 'All weights are 0, so a request that no match takes has nowhere to go: give one a weight.'))
  return issues
}

/** `gateway` holds what upstreams do not say themselves. */
export function validateUpstreams(
  upstreams: Readonly<Record<string, UpstreamDefinition>>,
  path: string,
  gateway: GatewayBalancingSettings = {},
): ConfigIssue[] {
  return Object.entries(upstreams).flatMap(([name, definition]) => {
    if (typeof definition === 'function') return []
    return isOptions(definition) ? validateOptions(definition, `${path}.${name}`, gateway) : validateOrigins(definition, `${path}.${name}`)
  })
}

function validateOptions(options: UpstreamOptions, path: string, gateway: GatewayBalancingSettings): ConfigIssue[] {
  const issues = [...validateSettings(options, path), ...validateTransport(options, path)]
  if (!('discover' in options.endpoints)) {
    const list: readonly (string | { origin: string; weight: number; priority?: number })[] = options.endpoints
    issues.push(
      ...validateOrigins(
        list.map((endpoint) => (typeof endpoint === 'string' ? endpoint : endpoint.origin)),
        `${path}.endpoints`,
      ),
    )
    list.forEach((endpoint, index) => {
      if (typeof endpoint === 'string') return
      const { priority = 0, weight } = endpoint
      if (!(weight >= 0 && weight < Infinity)) issues.push(invalid(`${path}.endpoints[${index}].weight`, 'A weight is a number from 0 up.'))
      if (!isPriority(priority))
        issues.push(invalid(`${path}.endpoints[${index}].priority`, 'A priority is a whole number from 0 to 100; 0 comes first.'))
    })
  }
  return [...issues, ...balancingIssues(options, path, gateway), ...healthIssues(options, path)]
}

/** Protocol and TLS have to fit the origins. Those of discovered instances are not known yet. */
function validateTransport({ protocol, tls, endpoints }: UpstreamOptions, path: string): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  const conflict = (key: string, message: string): void => void issues.push({ code: 'conflicting_keys', path: `${path}.${key}`, message })
  if (protocol !== undefined && !PROTOCOLS.includes(protocol))
    issues.push(invalid(`${path}.protocol`, `"${String(protocol)}" is not one of ${PROTOCOLS.join(', ')}.`))
  if (tls?.verify === false && tls.ca !== undefined) conflict('tls.ca', 'It is never looked at when verify is false: remove one of them.')
  if ('discover' in endpoints) return issues
  const origins = (endpoints as readonly (string | { readonly origin: string })[]).map((one) =>
    typeof one === 'string' ? one : one.origin,
  )
  const has = (scheme: string): boolean => origins.some((origin) => origin.toLowerCase().startsWith(`${scheme}:`))
  if (protocol === 'h2c' && has('https'))
    conflict('protocol', 'h2c is HTTP/2 in the clear, and an origin is https: use h2, or http origins.')
  if (protocol === 'h2' && has('http')) conflict('protocol', 'h2 is HTTP/2 over TLS, and an origin is http: use h2c, or https origins.')
  if (tls !== undefined && has('http'))
    conflict('tls', 'An origin is http, which is spoken to without TLS: use https origins, or remove tls.')
  return issues
}

const PROTOCOLS: readonly string[] = ['auto', 'http1', 'h2', 'h2c']

function validateOrigins(origins: readonly string[], path: string): ConfigIssue[] {
  return origins.flatMap((origin, index) =>
    isOrigin(origin)
      ? []
      : [invalid(`${path}[${index}]`, `"${origin}" is not an origin: write http://host:port or https://host:port, nothing after it.`)],
  )
}

/** Timeouts and retries, wherever they stand. */
export function validateSettings(settings: RoutingSettings, path: string): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  for (const key of ['timeout', 'connectTimeout', 'idleTimeout'] as const) {
    const value: Duration | undefined = settings[key]
    if (value === undefined) continue
    collect(issues, `${path}.${key}`, () => {
      if (toMilliseconds(value) === 0) throw new TypeError('A timeout of 0 would end every request: leave the key out for the default.')
    })
  }
  return [...issues, ...retryIssues(settings, path)]
}

export function isOptions(definition: UpstreamDefinition): definition is UpstreamOptions {
  return typeof definition === 'object' && 'endpoints' in definition
}

/** Adds an issue when `check` throws. */
export function collect(issues: ConfigIssue[], path: string, check: () => unknown): void {
  try {
    check()
  } catch (thrown) {
    issues.push(invalid(path, (thrown as Error).message))
  }
}

function invalid(path: string, message: string): ConfigIssue {
  return { code: 'invalid_value', path, message }
}
