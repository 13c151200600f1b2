import { finding } from '../findings.ts'
import { sha256 } from '../manifest/checksum.ts'
import { isReserved, mountOf } from '../mount.ts'
import { isSegment } from '../text.ts'
import type { Candidate } from './eligible.ts'
import type { Finding } from '@octopus-gateway/core'
import type { Mount } from '../mount.ts'
import type { MountStrategy } from '../manifest/manifest.ts'
import type { Settings } from '../options.ts'

/** Where an instance's routes go, and through which upstream. */
export interface Placement {
  readonly strategy: MountStrategy
  readonly mount: Mount
  /** The upstream's name: the service, with the instance where the mount has it, and the version where the mount has it or clients name it. */
  readonly upstream: string
}

/** An instance and where it is mounted. */
export interface Placed {
  readonly candidate: Candidate
  readonly placement: Placement
}

/** Who else is there. */
export interface Neighbourhood {
  /** The service that a first path segment belongs to, when one has it. */
  ownerOf(segment: string): string | undefined
  /** Mount prefixes of the other services. */
  readonly prefixes: readonly string[]
  /** The auth providers that the gateway asks. */
  readonly authProviders: ReadonlySet<string>
}

/** A placement's mount as a key. */
export function mountKey({ mount }: Placement): string {
  return `${mount.host ?? ''} ${mount.prefix}`
}

/** Where an instance is mounted, or the finding that says why it is not. */
export function placeOf(candidate: Candidate, settings: Settings, neighbours: Neighbourhood): Placement | Finding {
  const { record, manifest } = candidate
  const { routing } = manifest
  const strategy = routing.strategy ?? settings.defaultStrategy
  const refusal = refusalOf(candidate, strategy, settings)
  if (refusal !== undefined) return refusal
  const instanceId = mountableId(candidate)
  const mount = mountOf({
    strategy,
    serviceName: manifest.serviceName,
    serviceVersion: manifest.serviceVersion,
    instanceId,
    basePath: routing.basePath,
    subdomain: routing.subdomain,
    ...(settings.domain === undefined ? {} : { domain: settings.domain }),
  })
  if (isReserved(mount.prefix)) return finding('MOUNT_REFUSED', `the mount ${mount.prefix} is reserved for the gateway`)
  const owner = mount.prefix === '' ? undefined : neighbours.ownerOf(mount.prefix.split('/')[1]!.toLowerCase())
  if (owner !== undefined && owner !== record.service) {
    return finding(
      'SERVICE_NAME_TAKEN',
      `the mount ${mount.prefix} belongs to the service "${owner}"; nothing of "${record.service}" is mounted there`,
    )
  }
  const isByVersion = strategy === 'versioned' || (routing.versioning !== undefined && strategy !== 'instance')
  const suffix = strategy === 'instance' ? `/${instanceId}` : isByVersion ? `/${manifest.serviceVersion}` : ''
  return { strategy, mount, upstream: record.service + suffix }
}

function refusalOf({ record, manifest }: Candidate, strategy: MountStrategy, settings: Settings): Finding | undefined {
  const { routing } = manifest
  const isRoot = strategy === 'root' || (strategy === 'custom' && routing.basePath.replaceAll('/', '') === '')
  const isOperators = record.provider === 'static' || record.provider === 'file' || routing.strategy === undefined
  if (isRoot && !isOperators && !settings.rootMounts.has(record.service) && !settings.rootMounts.has(manifest.serviceName)) {
    return finding(
      'MOUNT_REFUSED',
      `the root mount is only for services named in farp.root_mounts; add "${record.service}" there, or let the service use another strategy`,
    )
  }
  if ((strategy === 'service' || strategy === 'versioned') && !isSegment(manifest.serviceName)) {
    return finding('MOUNT_REFUSED', `the service name "${manifest.serviceName}" cannot be a path: only letters, digits and . _ ~ - can`)
  }
  if (strategy === 'versioned' && !isSegment(manifest.serviceVersion)) {
    return finding('MOUNT_REFUSED', 'the versioned mount needs a service_version of letters, digits and . _ ~ -')
  }
  if (strategy === 'subdomain' && settings.reservedSubdomains.has(routing.subdomain.toLowerCase())) {
    return finding('MOUNT_REFUSED', `the subdomain "${routing.subdomain}" is reserved for the operator (farp.reserved_subdomains)`)
  }
  return undefined
}

/** The manifest's id, else the record's, else one made from service and address: it must be a path segment. */
function mountableId({ record, manifest, address }: Candidate): string {
  const named = manifest.instanceId ?? ''
  if (isSegment(named)) return named
  if (isSegment(record.id)) return record.id
  return `${manifest.serviceName}-${sha256(`${manifest.serviceName}${address.host}:${address.port}`).slice(0, 12)}`
}
