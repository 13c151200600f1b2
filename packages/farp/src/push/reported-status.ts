import { isRoutable } from '../pool.ts'
import { readInstance, withInstance } from '../manifest/read.ts'
import type { Manifest } from '../manifest/manifest.ts'

/**
 * A manifest with the status that the instance reported itself. It stands in the place of the one in a manifest that was pushed, which is as old as its
 * registration; beside a manifest that is asked for again and again the worse one counts.
 */
export function withReportedStatus(manifest: Manifest, reported: string, isPushed: boolean): Manifest {
  const written = manifest.instance?.status ?? ''
  if (reported === '' || reported === written) return manifest
  if (!isPushed && (!isRoutable(written) || (isRoutable(reported) && reported !== 'degraded'))) return manifest
  const known = reports.get(manifest)
  if (known?.instance?.status === reported) return known
  const instance = manifest.instance ?? readInstance({ instance: { address: '' } }, { addressKnown: true })!
  const changed = withInstance(manifest, { ...instance, status: reported })
  reports.set(manifest, changed)
  return changed
}

/** One object for one report: whoever compares manifests does so by identity. */
const reports = new WeakMap<Manifest, Manifest>()
