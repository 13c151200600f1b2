import { finding } from '../findings.ts'
import { manifestChecksum } from '../manifest/checksum.ts'
import { isRoutable } from '../pool.ts'
import type { Address } from '../address.ts'
import type { Finding } from '@octopus-gateway/core'
import type { InstanceView } from './view.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { Settings } from '../options.ts'

/** An instance that can serve: its manifest and its address are known. */
export interface Candidate extends InstanceView {
  readonly manifest: Manifest
  readonly address: Address
}

/** `serving`, or why an instance gets no new requests. The worst of registry, manifest and observation wins. */
export function statusOf(view: InstanceView, settings: Settings): string {
  const { record, manifest, address, condition, isReachable } = view
  if (condition === 'pending') return 'starting'
  if (!isReachable) return 'unreachable'
  if (manifest === undefined) return condition === 'none' ? 'not-farp' : 'no-manifest'
  if (address === undefined) return 'no-address'
  if (!record.ready) return 'not-ready'
  const { health, isInMaintenance = false } = view.told
  if (isInMaintenance) return 'maintenance'
  if (health !== undefined && !isRoutable(health.status)) return health.status
  const status = manifest.instance?.status ?? ''
  if (!isRoutable(status)) return status
  for (const [name, value] of settings.instanceLabels) if (manifest.instance?.labels[name] !== value) return 'not-selected'
  if (manifest.instance?.role === 'shadow') return 'shadow'
  if (settings.hashVerification === 'enforce' && unexpected(view) !== undefined) return 'unexpected-checksum'
  return 'serving'
}

/** Whether new requests go to an instance. */
export function isEligible(view: InstanceView, settings: Settings): view is Candidate {
  return statusOf(view, settings) === 'serving'
}

/** Whether an instance may get copies of requests. */
export function isShadow(view: InstanceView, settings: Settings): view is Candidate {
  return settings.shadow.enabled && statusOf(view, settings) === 'shadow'
}

/** A finding when an instance's schemas are not those its deployment expects. */
export function unexpected({ manifest }: InstanceView): Finding | undefined {
  const expected = manifest?.instance?.expectedChecksum.toLowerCase() ?? ''
  if (manifest === undefined || expected === '') return undefined
  const computed =
    manifest.checksum === '' ? manifestChecksum(manifest.schemas.map(({ type, hash }) => ({ type, hash: hash ?? '' }))) : manifest.checksum
  if (computed.toLowerCase() === expected) return undefined
  return finding('EXPECTED_CHECKSUM', `the manifest has the checksum ${computed || 'none'}, but its deployment expects ${expected}`)
}
