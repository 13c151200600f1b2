import * as v from 'valibot'
import { dirname, resolve as resolvePath } from 'node:path'
import type { ConfigHost, LoadedConfig, SourceFile } from './options.ts'
import { ConfigError, type ConfigIssue } from '@octopus-gateway/core'
import { adminSettings, serverSettings, shutdownSettings } from './resolve/server.ts'
import { configSchema, type Config } from './schema/root.ts'
import { discoveryProviders, routeSources } from './resolve/discovery.ts'
import { routeDefinitions, routingOptions, upstreamOptions } from './resolve/routing.ts'
import type { AnySchema } from './schema/walk.ts'
import { nodeAt, type MapNode, type Node } from './tree/node.ts'
import { check } from './check/check.ts'
import { checkDemands } from './plugins/demands.ts'
import { draftOf } from './check/draft.ts'
import { fromEnvironment } from './environment.ts'
import { locate, toIssues, type Located } from './report/issues.ts'
import { locateOption } from './report/locate.ts'
import { makeChains, type Chains } from './plugins/chains.ts'
import { readPemFiles, type PemFiles } from './pem/files.ts'
import { mergeNodes } from './tree/merge.ts'
import { readSources } from './files.ts'
import { readYaml } from './tree/read.ts'
import { toValue } from './tree/value.ts'
import { translate } from './report/translate.ts'

/**
 * Reads a configuration from YAML files and directories, laid over each other in this order: maps deeply, upstreams and services by name,
 * routes by host, path and methods, other lists replaced. A layer need not be complete; the whole is validated. Rejects with a `ConfigError` that holds
 * every issue, each with file, line, column, key path and remedy. What `sources` of an earlier reading hold is not read again.
 */
export async function loadConfig(paths: readonly (string | SourceFile)[], host: ConfigHost): Promise<LoadedConfig> {
  const sources = await readSources(paths, host)
  const files = sources.map((source) => source.name)
  const read = sources.map((source) => readYaml(source.text, { file: source.name, env: host.env }))
  const problems = read.flatMap((one) => one.problems)
  // What a broken file would have said is unknown, so nothing can be said about the whole.
  if (problems.some((problem) => problem.code === 'syntax')) throw new ConfigError(toIssues(problems, files))
  const layers = read.flatMap((one) => (one.root === undefined ? [] : [one.root]))
  const merged = layers.reduce<Node>((base, layer) => mergeNodes(base, layer), empty(files[0] ?? 'configuration'))
  const root = fromEnvironment(merged, host.env)
  const valid = await validate({ root, files, before: problems }, host)
  const locate = (issue: ConfigIssue): ConfigIssue => locateOption(issue, { root, places: valid.chains.places })
  try {
    const resolved = await resolve(valid, root, host)
    const isLevelSet = nodeAt(root, ['observability', 'logging', 'level']) !== undefined
    const level = isLevelSet ? resolved.logging.level : (host.logLevel ?? resolved.logging.level)
    const store = { path: storePath(root) }
    return { ...resolved, store, logging: { ...resolved.logging, level }, files, sources, locate }
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigError(error.issues.map(locate)) : error
  }
}

/** As certificates are: relative to the file that names it. */
function storePath(root: Node): string {
  const node = nodeAt(root, ['store', 'path'])
  return node?.kind === 'scalar' ? resolvePath(dirname(node.at.file), node.text) : DEFAULT_STORE
}

const DEFAULT_STORE = '.octopus'

function empty(file: string): MapNode {
  return { kind: 'map', at: { file, line: 1, column: 1 }, entries: new Map() }
}

interface Reading {
  readonly root: Node
  readonly files: readonly string[]
  /** What reading found. */
  readonly before: readonly Located[]
}

/** A configuration without a mistake, and what was made and read to find that out. */
interface Valid {
  readonly config: Config
  readonly chains: Chains
  readonly pem: PemFiles
}

async function validate({ root, files, before }: Reading, host: ConfigHost): Promise<Valid> {
  const schema = configSchema as unknown as AnySchema
  const result = v.safeParse(configSchema, toValue(root, schema))
  const problems = (result.issues ?? []).flatMap((issue) => translate(issue, schema, root))
  const refused = problems.map((problem) => problem.path)
  const draft = draftOf(result.output, refused)
  problems.push(...check(draft))
  const chains = await makeChains(draft, { root, host }, refused)
  const pem = await readPemFiles(draft, { root, host })
  problems.push(...chains.problems, ...checkDemands(draft, chains), ...pem.problems)
  const issues = toIssues([...before, ...locate(problems, root)], files)
  if (issues.length > 0 || !result.success) throw new ConfigError(issues)
  return { config: result.output, chains, pem }
}

async function resolve(
  { config, chains, pem }: Valid,
  root: Node,
  host: ConfigHost,
): Promise<Omit<LoadedConfig, 'files' | 'sources' | 'locate' | 'store'>> {
  const { limits, trusted_proxies } = config.server
  const { logging, metrics } = config.observability
  return {
    gateway: {
      routes: routeDefinitions(config, chains),
      plugins: chains.own,
      upstreams: upstreamOptions(config, pem),
      discovery: await discoveryProviders(config, (path) => (nodeAt(root, path) ?? root).at.file, host),
      sources: await routeSources(config, host),
      routing: routingOptions(config),
      limits: {
        uri: limits.uri,
        headers: limits.headers,
        headerCount: limits.header_count,
        ...(limits.body === undefined ? {} : { body: limits.body }),
      },
      trustedProxies: trusted_proxies,
      metrics: metrics.enabled,
      ...(host.log === undefined ? {} : { log: host.log }),
      ...(host.accessLog === undefined ? {} : { accessLog: host.accessLog }),
    },
    server: serverSettings(config, pem),
    shutdown: shutdownSettings(config),
    admin: adminSettings(config, pem),
    metrics,
    logging: { level: logging.level, format: logging.format ?? (host.isTerminal === true ? 'text' : 'json') },
  }
}
