import { compareVersions } from '../semver.ts'
import type { Generation, Pools } from './routes.ts'

/** The newest pool of each major version once more, at `/<service>/v1`, where no version has that place itself. */
export function majorAliases(pools: Pools): (readonly Generation[])[] {
  const newest = new Map<string, readonly Generation[]>()
  const taken = new Set([...pools.values()].map((pool) => pool[0]!.placement.mount.prefix))
  for (const pool of pools.values()) {
    const { placement, sample } = pool[0]!
    const { serviceName, serviceVersion } = sample.manifest
    // A pre-release is for whoever asks for it by its whole name.
    const major = /^v?(\d{1,15})\.[\d.]*(?:\+.*)?$/i.exec(serviceVersion)?.[1]
    if (placement.strategy !== 'versioned' || major === undefined) continue
    const prefix = `/${serviceName.toLowerCase()}/v${Number(major)}`
    const known = newest.get(prefix)
    if (taken.has(prefix) || (known !== undefined && compareVersions(known[0]!.sample.manifest.serviceVersion, serviceVersion) > 0))
      continue
    newest.set(prefix, pool)
  }
  return [...newest].map(([prefix, pool]) =>
    pool.map((generation) => ({
      ...generation,
      isAlias: true,
      placement: { ...generation.placement, mount: { ...generation.placement.mount, prefix } },
    })),
  )
}
