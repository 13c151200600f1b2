import { isObject, own, ownList, ownObject, ownText, table } from '../json.ts'
import { clean, isSegment } from '../text.ts'
import { ruleProblem } from '@octopus-gateway/core'
import { ManifestError, STRATEGIES } from './manifest.ts'
import type { JsonObject } from '../json.ts'
import type { MountStrategy, Routing, Versioning } from './manifest.ts'
import type { Note } from './note.ts'
import type { PathRule } from '@octopus-gateway/core'

/** What a service that says nothing wants. */
export const NO_ROUTING: Routing = {
  strategy: undefined,
  basePath: '',
  subdomain: '',
  stripPrefix: undefined,
  priority: undefined,
  tags: [],
  rewrites: [],
  pathRules: [],
  versioning: undefined,
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
    tags: tagsOf(routing, note),
    rewrites: rewritesOf(routing, note),
    pathRules: pathRulesOf(routing),
    versioning: versioningOf(routing, note),
  }
}

function checkBasePath(path: string): void {
  const inner = path.replace(/^\//, '').replace(/\/$/, '')
  if (path.length > 1024 || (inner !== '' && !inner.split('/').every(isSegment))) {
    throw refused('routing.base_path', 'each segment may contain only letters, digits and . _ ~ -, and is neither . nor ..')
  }
}

/** As the table of routes takes them. */
const MOST_REWRITES = 32

/** A rule that cannot be used is left out: the paths it is about are then matched as they are. */
function rewritesOf(routing: JsonObject, note: Note): PathRule[] {
  const list = ownList(routing, 'rewrite')
  if (list.length > MOST_REWRITES)
    note(`routing.rewrite has ${list.length} rules; only the first ${MOST_REWRITES} are used`, '/routing/rewrite')
  return list.slice(0, MOST_REWRITES).flatMap((item, index) => {
    const pattern = isObject(item) ? ownText(item, 'pattern') : undefined
    const rule = pattern === undefined ? undefined : { pattern, replacement: ownText(item as JsonObject, 'replacement') ?? '' }
    const problem = rule === undefined ? 'It has no pattern.' : ruleProblem(rule)
    if (rule !== undefined && problem === undefined) return [rule]
    note(`routing.rewrite[${index}] is not used. ${clean(problem!, 200)}`, `/routing/rewrite/${index}`)
    return []
  })
}

/** `url_path` is what the versioned strategy is for, and nothing more. */
function versioningOf(routing: JsonObject, note: Note): Versioning | undefined {
  const versioning = ownObject(routing, 'versioning')
  if (versioning === undefined) return undefined
  const strategy = ownText(versioning, 'strategy') ?? ''
  if (strategy === 'url_path') {
    const mount = ownText(routing, 'strategy') ?? ''
    if (mount !== '' && mount !== 'versioned')
      note(
        `routing.versioning.strategy "url_path" is what the mount "versioned" does; below the ${mount} mount versions share their paths`,
        '/routing/versioning/strategy',
      )
    return undefined
  }
  const by = strategy === 'query_param' ? 'query' : 'header'
  if (strategy !== 'header' && strategy !== 'query_param') {
    note(`routing.versioning.strategy "${clean(strategy, 40)}" is not url_path, header or query_param`, '/routing/versioning/strategy')
    return undefined
  }
  const name =
    by === 'query'
      ? (ownText(versioning, 'query_param') ?? '') || 'version'
      : (ownText(versioning, 'header_name') ?? '') || 'Accept-Version'
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/.test(name)) {
    note('routing.versioning names no usable header or parameter', '/routing/versioning')
    return undefined
  }
  return { by, name, defaultVersion: ownText(versioning, 'default_version') || undefined }
}

/** Every route carries all of them. */
const MOST_TAGS = 100

function tagsOf(routing: JsonObject, note: Note): string[] {
  const tags = ownList(routing, 'tags').filter((tag) => typeof tag === 'string')
  if (tags.length > MOST_TAGS) note(`routing.tags has ${tags.length} tags; only the first ${MOST_TAGS} are used`, '/routing/tags')
  return tags.slice(0, MOST_TAGS)
}

/** Every path is compared with all of them. */
const MOST_PATH_RULES = 100

/** Too many are refused: a rule that is left out may be the one that keeps a path in. */
function pathRulesOf(routing: JsonObject): Routing['pathRules'] {
  const rules = ownList(routing, 'path_rules').filter(isObject)
  if (rules.length > MOST_PATH_RULES)
    throw refused('routing.path_rules', `there are ${rules.length} rules; the limit is ${MOST_PATH_RULES}`)
  return rules.flatMap(ruleOf)
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
