import { validate } from '../plugin/define.ts'
import type { ConfigArgs } from '../plugin/plugin.ts'
import type { DiscoveryProvider } from './provider.ts'
import type { StandardSchemaV1 } from '../plugin/standard-schema.ts'

/** Makes a provider factory whose configuration is validated when the gateway starts to watch. */
export function defineDiscovery<const S extends StandardSchemaV1>(definition: {
  readonly name: string
  readonly config: S
  watch(config: StandardSchemaV1.InferOutput<S>, ...rest: Parameters<DiscoveryProvider['watch']>): ReturnType<DiscoveryProvider['watch']>
}): (...config: ConfigArgs<S>) => DiscoveryProvider {
  const { name, config: schema } = definition
  return (...[config]) => ({
    name,
    identity: { name, config },
    async *watch(signal, host) {
      yield* definition.watch(await validate(schema, config, `discovery ${name}`), signal, host)
    },
  })
}
