import { ConfigError } from '../errors.ts'
import type { ConfigIssue } from '../errors.ts'
import type { ConfigArgs, Hooks, Plugin, PluginFactory, PluginHost } from './plugin.ts'
import type { MaybePromise } from '../upstream/definition.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/**
 * Makes a plugin factory. The factory only holds its configuration; the gateway validates it with `config` and calls `setup` when it becomes
 * ready, so a mistake is reported with all others.
 */
export function definePlugin<const S extends StandardSchemaV1>(definition: {
  readonly name: string
  /** Semver. Default `0.0.0`. */
  readonly version?: string
  readonly config: S
  setup(config: StandardSchemaV1.InferOutput<S>, host: PluginHost): MaybePromise<Hooks>
}): PluginFactory<S> {
  const { name, version = '0.0.0', config: schema } = definition
  const factory = (...[config]: ConfigArgs<S>): Plugin => ({
    name,
    version,
    identity: { name, version, config },
    async setup(host) {
      return definition.setup(await validate(schema, config, `plugin ${name}`), host)
    },
  })
  return Object.assign(factory, { pluginName: name, config: schema })
}

/** The validated value, or a `ConfigError` with every issue. */
export async function validate<S extends StandardSchemaV1>(
  schema: S,
  value: unknown,
  place: string,
): Promise<StandardSchemaV1.InferOutput<S>> {
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return result.value as StandardSchemaV1.InferOutput<S>
  throw new ConfigError(result.issues.map((issue) => toIssue(issue, place)))
}

function toIssue(issue: StandardSchemaV1.Issue, place: string): ConfigIssue {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return { code: 'invalid_value', path: path === '' ? place : `${place}: ${path}`, message: issue.message }
}
