import { dirname, resolve } from 'node:path'
import { camelKey } from '../plugins/keys.ts'
import { factoryOf } from './factory.ts'
import { isPemText } from '../pem/read.ts'
import type { ConfigHost } from '../options.ts'
import type { DiscoveryProvider } from '@octopus-gateway/core'

/** The backends that are packages: `@octopus-gateway/discovery-<name>`, which exports `<name>Discovery(options)`. */
export type BackendName = 'consul' | 'dns' | 'etcd' | 'eureka' | 'file' | 'kubernetes' | 'mdns' | 'seeds'

/** Options that name files: a relative path starts at the configuration file that it is written in. */
const FILES: Readonly<Record<BackendName, readonly string[]>> = {
  consul: ['tls.ca', 'tls.cert', 'tls.key'],
  dns: [],
  etcd: ['tls.ca', 'tls.cert', 'tls.key'],
  eureka: [],
  file: ['path'],
  kubernetes: ['kubeconfig'],
  mdns: [],
  seeds: [],
}

/** In which file a key is written. */
export type Places = (path: readonly string[]) => string

interface Given {
  readonly block: object
  readonly places: Places
  readonly host: ConfigHost
}

/** The provider of a backend. Its options are the keys of its block, written as code writes them. */
export async function backendOf(name: BackendName, { block, places, host }: Given): Promise<DiscoveryProvider> {
  const factory = await factoryOf<(options: unknown) => DiscoveryProvider>(host, {
    specifier: `@octopus-gateway/discovery-${name}`,
    name: `${name}Discovery`,
    path: 'discovery.backend',
    remedy: 'install it, or use another backend',
  })
  const { register, ...looking } = block as { readonly register?: unknown }
  // Whoever looks is no gateway, and would take the registration of the one that runs with it when it ends.
  const used = host.isLooking === true ? looking : { ...looking, register }
  return factory(optionsOf(used, { at: ['discovery', name], files: FILES[name], places }))
}

interface Level {
  readonly at: readonly string[]
  /** Dotted paths from the block on. */
  readonly files: readonly string[]
  readonly places: Places
}

function optionsOf(value: unknown, level: Level): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => optionsOf(item, level))
  if (typeof value === 'string')
    return level.files.includes(level.at.slice(2).join('.')) && !isPemText(value) ? resolve(dirname(level.places(level.at)), value) : value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [camelKey(key), optionsOf(item, { ...level, at: [...level.at, key] })]),
  )
}
