import { isObject, own, ownList, ownObject, ownText, table } from '../json.ts'
import { clean, isSegment } from '../text.ts'
import { ManifestError, STRATEGIES } from './manifest.ts'
import type { JsonObject } from '../json.ts'
import type { MountStrategy, Routing } from './manifest.ts'
import type { Note } from './note.ts'

/** What a service that says nothing wants. */
export const NO_ROUTING: Routing = {
  strategy: undefined,
  basePath: '',
  subdomain: '',
  stripPrefix: undefined,
  priority: undefined,
  tags: [],
  rewrites: 0,
  pathRules: [],
}

/** Reads `routing`. Throws `ManifestError`: a wrong mount must not be guessed. */
export function readRouting(raw: JsonObject, note: Note): Routing {
  const routing = ownObject(raw, 'routing') ?? table()
  const strategy = ownText(routing, 'strategy') ?? ''
  if (strategy !== '' && !STRATEGIES.has(strategy)) throw refused('routing.strategy', `"${clean(strategy, 40)}" is not a mount strategy`)
  const basePath = ownText(routing, 'base_path') ?? ''
  const subdomain = ownText(routing, 'subdomain') ?? ''
  if (strategy === 'custom' && basePath === '') throw refused('routing.base_path', 'base path is required for the custom strategy')
  if (strategy === 'subdomain' && subdomain === '') throw refused('routing.subdomain', 'subdomain is required for the subdomain strategy')
  if (strategy === 'custom') checkBasePath(basePath)
  if (strategy === 'subdomain' && !/^(?!-)[a-z0-9-]{1,63}(?<!-)$/.test(subdomain)) {
    throw refused('routing.subdomain', 'a subdomain is one DNS label of lower-case letters, digits and -')
  }
  const strip = own(routing, 'strip_prefix')
  if (strip !== undefined && strip !== null && typeof strip !== 'boolean')
    note('routing.strip_prefix is not true or false and was ignored', '/routing/strip_prefix')
  return {
    strategy: strategy === '' ? undefined : (strategy as MountStrategy),
    basePath,
    subdomain,
    stripPrefix: typeof strip === 'boolean' ? strip : undefined,
    priority: priorityOf(own(routing, 'priority')),
    tags: ownList(routing, 'tags').filter((tag) => typeof tag === 'string'),
    rewrites: ownList(routing, 'rewrite').length,
    pathRules: ownList(routing, 'path_rules').filter(isObject).flatMap(ruleOf),
  }
}

function checkBasePath(path: string): void {
  const inner = path.replace(/^\//, '').replace(/\/$/, '')
  if (path.length > 1024 || (inner !== '' && !inner.split('/').every(isSegment))) {
    throw refused('routing.base_path', 'each segment may contain only letters, digits and . _ ~ -, and is neither . nor ..')
  }
}

function ruleOf(rule: JsonObject): { pattern: string; include: boolean }[] {
  const pattern = ownText(rule, 'pattern')
  const action = ownText(rule, 'action')
  if (pattern === undefined || pattern.length > 1024 || (action !== 'include' && action !== 'exclude')) return []
  return [{ pattern, include: action === 'include' }]
}

function priorityOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 100) {
    throw refused('routing.priority', 'it must be a whole number between 0 and 100')
  }
  return value
}

function refused(field: string, message: string): ManifestError {
  return new ManifestError('VALIDATION', `${field}: ${message}`, field, `/${field.replace('.', '/')}`)
}
