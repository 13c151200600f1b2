import { validate } from '../plugin/define.ts'
import type { ConfigArgs } from '../plugin/plugin.ts'
import type { DiscoveryProvider, KeyValues } from './provider.ts'
import type { StandardSchemaV1 } from '../plugin/standard-schema.ts'

/** Makes a provider factory whose configuration is validated when the gateway starts to watch. */
export function defineDiscovery<const S extends StandardSchemaV1>(definition: {
  readonly name: string
  readonly config: S
  /** Whether a service counts only as long as no other provider knows it. Default false. */
  readonly yields?: boolean
  watch(config: StandardSchemaV1.InferOutput<S>, ...rest: Parameters<DiscoveryProvider['watch']>): ReturnType<DiscoveryProvider['watch']>
  /** Reads a key of the registry's key-value store. Default: it has none. */
  get?(config: StandardSchemaV1.InferOutput<S>, ...rest: Parameters<KeyValues['get']>): ReturnType<KeyValues['get']>
}): (...config: ConfigArgs<S>) => DiscoveryProvider {
  const { name, config: schema } = definition
  return (...[config]) => {
    const validated = (): Promise<StandardSchemaV1.InferOutput<S>> => validate(schema, config, `discovery ${name}`)
    return {
      name,
      identity: { name, config },
      ...(definition.yields === true ? { yields: true } : {}),
      async *watch(signal, host) {
        yield* definition.watch(await validated(), signal, host)
      },
      ...(definition.get === undefined
        ? {}
        : { keyValues: { get: async (key, signal) => definition.get!(await validated(), key, signal) } satisfies KeyValues }),
    }
  }
}
