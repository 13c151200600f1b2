import { silentLogger } from '@octopus-gateway/core'
import { originOf } from '../address.ts'
import { Composers } from '../source/composers.ts'
import { FetchError } from '../net/fetcher.ts'
import { Fleet } from '../source/fleet.ts'
import { settingsOf } from '../options.ts'
import { silentMeter } from '../silent-meter.ts'
import { targetOf } from './target.ts'
import type { Address } from '../address.ts'
import type { FarpOptions, Settings } from '../options.ts'
import type { InstanceView } from '../source/view.ts'
import type { LoadedSchema } from '../schemas/content.ts'
import type { RouteSet } from '@octopus-gateway/core'
import type { Manifest, SchemaDescriptor } from '../manifest/manifest.ts'

/** Whether a schema is what its manifest declares. `undeclared`: it has no hash. `unavailable`: it could not be had or read. */
export type HashVerdict = 'verified' | 'mismatch' | 'undeclared' | 'unavailable'

/** One schema of an inspected service. */
export interface InspectedSchema {
  readonly type: string
  readonly specVersion: string
  /** Where it was read; absent when it came inside the manifest, or not at all. */
  readonly url: string | undefined
  readonly declared: string | undefined
  /** Of its canonical form. */
  readonly hash: string | undefined
  readonly verdict: HashVerdict
  readonly operations: number
}

/** What a gateway makes of a service. */
export interface ServiceInspection {
  readonly manifest: Manifest | undefined
  readonly manifestUrl: string | undefined
  /** In the order of the manifest. */
  readonly schemas: readonly InspectedSchema[]
  /** Routes, upstreams, instances and findings as the gateway would have them; absent for what does not speak FARP. */
  readonly set: RouteSet | undefined
}

/**
 * Looks at a service as a gateway that discovered it would: fetches manifest and schemas under the same rules, and makes the routes. `url` is the
 * service's origin, or its manifest's own URL. Throws `TypeError` for another URL, and `ConfigError` for options that are invalid.
 */
export async function inspectService(url: string, options: FarpOptions = {}): Promise<ServiceInspection> {
  const { address, manifestUrl } = targetOf(url)
  const settings = settingsOf(options)
  const metadata = manifestUrl === undefined ? {} : { 'farp.manifest': manifestUrl.href }
  const first = await look({ address, metadata, name: address.host, settings })
  const name = first.view.manifest?.serviceName
  // The registry's name of a service decides about mounts; here nobody knows another one than its own.
  const { view, set } = name === undefined || name === address.host ? first : await look({ address, metadata, name, settings })
  return { manifest: view.manifest, manifestUrl: view.manifestUrl, schemas: schemasOf(view), set }
}

interface Target {
  readonly address: Address
  readonly metadata: Readonly<Record<string, string>>
  readonly name: string
  readonly settings: Settings
}

async function look({ address, metadata, name, settings }: Target): Promise<{ view: InstanceView; set: RouteSet | undefined }> {
  let wake: () => void = () => undefined
  const tried = new Promise<void>((resolve) => (wake = resolve))
  const fleet = new Fleet(settings, {
    log: silentLogger,
    meter: silentMeter,
    keyValues: () => undefined,
    silent: () => undefined,
    changed: () => void (fleet.hasTriedAll && wake()),
  })
  try {
    const { host, port, scheme } = address
    const record = { id: originOf(address), service: name, host, port, secure: scheme === 'https', ready: true, weight: 1, metadata }
    fleet.apply([{ ...record, provider: 'static' }])
    await tried
    const { views } = fleet
    const set = new Composers(settings, { log: silentLogger }).compose(views, new Set()).find(({ service }) => service === name)
    const view = views.get(name)?.[0]
    if (view === undefined) throw new FetchError('network', 'the service was not looked at')
    return { view, set }
  } finally {
    fleet.stop()
  }
}

function schemasOf({ manifest, schemas }: InstanceView): InspectedSchema[] {
  return (manifest?.schemas ?? []).map((descriptor) => {
    const loaded = schemas.find((one) => one.descriptor === descriptor)
    return {
      type: descriptor.type,
      specVersion: descriptor.specVersion,
      url: loaded?.url,
      declared: descriptor.hash,
      hash: loaded?.content.hash,
      verdict: verdictOf(descriptor, loaded),
      operations: loaded?.adapted.operations.length ?? 0,
    }
  })
}

function verdictOf({ hash }: SchemaDescriptor, loaded: LoadedSchema | undefined): HashVerdict {
  if (loaded === undefined) return 'unavailable'
  if (hash === undefined) return 'undeclared'
  return loaded.isVerified ? 'verified' : 'mismatch'
}
