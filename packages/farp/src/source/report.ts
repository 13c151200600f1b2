import { isEligible, statusOf } from './eligible.ts'
import { originOf } from '../address.ts'
import type { InstanceReport, RouteSet } from '@octopus-gateway/core'
import type { Ruling } from '../contract/gate/ruling.ts'
import type { InstanceView } from './view.ts'
import type { Settings } from '../options.ts'

/** What is known of the instances of a service. */
export interface Known {
  readonly weights: ReadonlyMap<string, number>
  readonly settings: Settings
  /** Why the gate keeps requests from some. */
  readonly held: Ruling['held']
}

/** What operators see of an instance. */
export function reportOf(view: InstanceView, { weights, settings, held }: Known): InstanceReport {
  const { record, manifest, address } = view
  const version = manifest?.serviceVersion || record.version
  const zone = record.zone ?? manifest?.instance?.zone
  return {
    id: record.id,
    origin: address === undefined ? '' : originOf(address),
    status: held.get(record.id) ?? statusOf(view, settings),
    weight: weights.get(record.id) ?? 0,
    manifest: view.condition === 'pending' ? 'none' : view.condition,
    ...(version === undefined ? {} : { version }),
    ...(zone === undefined ? {} : { zone }),
    ...(view.manifestUrl === undefined ? {} : { manifestUrl: view.manifestUrl }),
    ...(manifest === undefined || manifest.checksum === '' ? {} : { checksum: manifest.checksum }),
  }
}

/** The health of a service: all of its instances are well, at least half of them, or fewer. Shadows do not count; they serve nobody. */
export function healthOf(views: readonly InstanceView[], settings: Settings): NonNullable<RouteSet['health']> {
  const serving = views.filter(({ manifest }) => manifest?.instance?.role !== 'shadow')
  const well = serving.filter((view) => isEligible(view, settings) && view.manifest.instance?.status !== 'degraded').length
  if (well > 0 && well === serving.length) return 'healthy'
  return well > 0 && well * 2 >= serving.length ? 'degraded' : 'unhealthy'
}
