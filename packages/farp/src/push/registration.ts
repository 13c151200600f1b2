import { isObject, own, ownList, ownObject, ownText, table } from '../json.ts'
import { isSegment } from '../text.ts'
import { isIP } from 'node:net'
import { kindOf } from '../net/ip.ts'
import type { JsonObject } from '../json.ts'

/** What a service said when it registered an instance. A new object for every change. */
export interface Registration {
  readonly service: string
  readonly id: string
  readonly version: string
  /** Where requests go: an address, or a name that cannot be pointed elsewhere. */
  readonly host: string
  /** The host as it was written. */
  readonly named: string
  readonly port: number
  readonly secure: boolean
  readonly tags: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
  /** The manifest as JSON, when the registration carried one. */
  readonly manifest: string | undefined
  /** The last status that the instance reported itself; empty when it did not. */
  readonly status: string
  /** Whose it is: `Principal.owner`. */
  readonly owner: string
  /** The address it was registered from. */
  readonly source: string
  /** Unix milliseconds. */
  readonly registeredAt: number
  /** Grows with every registration of the instance. */
  readonly revision: number
  /** When it last sent a heartbeat: Unix milliseconds; `undefined` when it never did. */
  readonly beatAt: number | undefined
}

/** A heartbeat as it is stored, apart from the registration: it comes often and is small. */
export interface Beat {
  readonly at: number
  readonly status: string
}

const PREFIX = 'farp/push/'

/** Where everything of the registry is stored. */
export const STORE_PREFIX = PREFIX

/** What tells an instance from all others. */
export function identityOf({ service, id }: Pick<Registration, 'service' | 'id'>): string {
  return `${service}/${encodeURIComponent(id)}`
}

export function registrationKey(identity: string): string {
  return `${PREFIX}instance/${identity}`
}

export function beatKey(identity: string): string {
  return `${PREFIX}beat/${identity}`
}

/** What an entry of the store is about, or `undefined`. */
export function entryKind(key: string): { readonly kind: 'instance' | 'beat'; readonly identity: string } | undefined {
  const match = /^farp\/push\/(instance|beat)\/(.+)$/.exec(key)
  return match === null ? undefined : { kind: match[1] as 'instance' | 'beat', identity: match[2]! }
}

/** As it is stored: without its heartbeats, which are stored apart. */
export function writeRegistration(registration: Registration): string {
  return JSON.stringify({ ...registration, beatAt: undefined })
}

/** A stored registration, or `undefined` when it is none: another process, or another version, may have written it. */
export function readRegistration(text: string, identity: string): Registration | undefined {
  const raw = parsed(text)
  if (raw === undefined) return undefined
  const [service, id, host, named, owner] = ['service', 'id', 'host', 'named', 'owner'].map((name) => ownText(raw, name))
  const [port, registeredAt, revision] = ['port', 'registeredAt', 'revision'].map((name) => own(raw, name))
  if (service === undefined || !isSegment(service) || id === undefined || identityOf({ service, id }) !== identity) return undefined
  if (host === undefined || (isIP(host) !== 0 && kindOf(host) === 'blocked') || named === undefined || owner === undefined) return undefined
  if (!isCount(port) || port > 65_535 || !isCount(registeredAt) || !isCount(revision)) return undefined
  return {
    service,
    id,
    version: ownText(raw, 'version') ?? '',
    host,
    named,
    port,
    secure: own(raw, 'secure') === true,
    tags: ownList(raw, 'tags').filter((tag) => typeof tag === 'string'),
    metadata: table(
      Object.entries(ownObject(raw, 'metadata') ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
    manifest: ownText(raw, 'manifest'),
    status: ownText(raw, 'status') ?? '',
    owner,
    source: ownText(raw, 'source') ?? '',
    registeredAt,
    revision,
    beatAt: undefined,
  }
}

/** A stored heartbeat, or `undefined`. */
export function readBeat(text: string): Beat | undefined {
  const raw = parsed(text)
  const at = raw === undefined ? undefined : own(raw, 'at')
  return raw === undefined || !isCount(at) ? undefined : { at, status: ownText(raw, 'status') ?? '' }
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}
