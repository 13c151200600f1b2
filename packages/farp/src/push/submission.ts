import { addressOf } from '../address.ts'
import { grpcPort } from '../grpc-address.ts'
import { own, ownList, ownObject, ownText, table } from '../json.ts'
import { parseCapabilities, readMetadata } from '../metadata.ts'
import { sha256 } from '../manifest/checksum.ts'
import { isSegment } from '../text.ts'
import { PushError } from './push-error.ts'
import { withLegacySchemas } from './legacy.ts'
import type { Claim } from './target.ts'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'

/** A registration as it was sent, in whichever form. */
export interface Submission {
  /** `legacy`: a manifest without an instance; answered in its own form. */
  readonly form: 'instance' | 'legacy'
  readonly service: string
  readonly id: string
  readonly version: string
  readonly status: string
  readonly tags: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
  readonly claim: Claim
  /** JSON. */
  readonly manifest: string | undefined
}

/** Pairs of metadata, and tags: Consul allows 64. */
const MOST_PAIRS = 128

/**
 * Reads `{instance, manifest?}` (with the member names of every known peer), `{manifest, schemas?}`, and a bare manifest. Throws `PushError`.
 */
export function readSubmission(body: JsonObject, limits: Limits): Submission {
  // A bare manifest may have an `instance` as well, but only a manifest has its service's name beside it.
  if (ownText(body, 'service_name') !== undefined) return fromManifest(body)
  const instance = ownObject(body, 'instance')
  const manifest = ownObject(body, 'manifest')
  if (instance !== undefined) return fromInstance(instance, manifest)
  if (manifest !== undefined) return fromManifest(withLegacySchemas(manifest, ownList(body, 'schemas'), limits))
  throw new PushError(400, 'INVALID_BODY', 'the body has neither an instance nor a manifest')
}

function fromInstance(instance: JsonObject, manifest: JsonObject | undefined): Submission {
  const text = (...names: string[]): string => names.map((name) => ownText(instance, name) ?? '').find((value) => value !== '') ?? ''
  const service = text('service_name', 'name', 'serviceName') || ownText(manifest ?? table(), 'service_name') || ''
  const id = text('id', 'instance_id', 'service_id') || ownText(manifest ?? table(), 'instance_id') || ''
  if (id === '') throw new PushError(400, 'INVALID_INSTANCE', 'instance.id is missing')
  const metadata = metadataOf(instance)
  const address = text('address') || addressIn(manifest) || hostIn(metadata)
  const port = own(instance, 'port')
  return checked({
    form: 'instance',
    service,
    id,
    version: text('version', 'service_version'),
    status: statusOf(text('status')),
    tags: ownList(instance, 'tags')
      .filter((tag) => typeof tag === 'string')
      .slice(0, MOST_PAIRS),
    metadata,
    claim: {
      address,
      port: typeof port === 'number' ? port : 0,
      grpcPort: grpcPort(readMetadata(metadata)),
      secure: readMetadata(metadata).get('scheme') === 'https',
    },
    manifest: manifest === undefined ? undefined : JSON.stringify(manifest),
  })
}

function fromManifest(manifest: JsonObject): Submission {
  const service = ownText(manifest, 'service_name') ?? ''
  const address = addressIn(manifest)
  const named = ownText(manifest, 'instance_id') ?? ''
  return checked({
    form: 'legacy',
    service,
    id: named === '' ? `${service}-${sha256(service + address).slice(0, 12)}` : named,
    version: ownText(manifest, 'service_version') ?? '',
    status: '',
    tags: [],
    metadata: table(),
    claim: { address, port: 0, secure: false },
    manifest: JSON.stringify(manifest),
  })
}

function checked(submission: Submission): Submission {
  const { service, id, version, claim } = submission
  if (!isSegment(service))
    throw new PushError(400, 'INVALID_INSTANCE', 'the service name is missing, or has other characters than letters, digits and . _ ~ -')
  if (!/^[\x21-\x7e]{1,255}$/.test(id))
    throw new PushError(400, 'INVALID_INSTANCE', 'an instance id has 1 to 255 printable ASCII characters')
  if (!/^[\x20-\x7e]{0,255}$/.test(version))
    throw new PushError(400, 'INVALID_INSTANCE', 'the version has characters that are not printable ASCII')
  if (!Number.isInteger(claim.port) || claim.port < 0 || claim.port > 65_535)
    throw new PushError(400, 'INVALID_INSTANCE', 'the port is not one')
  return submission
}

/** Values are texts; what is no text is no metadata. */
function metadataOf(instance: JsonObject): Record<string, string> {
  const entries = Object.entries(ownObject(instance, 'metadata') ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  if (entries.length > MOST_PAIRS) throw new PushError(400, 'LIMIT_EXCEEDED', `an instance has at most ${MOST_PAIRS} pairs of metadata`)
  return table(entries)
}

/** The address of an instance that has no record: its own word, or else where its schemas are. */
function addressIn(manifest: JsonObject | undefined): string {
  if (manifest === undefined) return ''
  const named = ownText(ownObject(manifest, 'instance') ?? table(), 'address') ?? ''
  if (named !== '') return named
  for (const schema of ownList(manifest, 'schemas')) {
    const location = typeof schema === 'object' && schema !== null ? ownObject(schema as JsonObject, 'location') : undefined
    const found = originIn(location === undefined ? undefined : ownText(location, 'url'))
    if (found !== '') return found
  }
  return ''
}

function hostIn(metadata: Readonly<Record<string, string>>): string {
  return originIn(readMetadata(metadata).get('farp.manifest'))
}

function originIn(text: string | undefined): string {
  if (text === undefined || !URL.canParse(text)) return ''
  const url = new URL(text)
  return addressOf(url) === undefined ? '' : url.origin
}

/** The words of every peer in those of the protocol. Forge takes Consul's. */
export function statusOf(text: string): string {
  const word = parseCapabilities(text.toLowerCase())[0] ?? ''
  return WORDS.get(word) ?? (/^[a-z_-]{1,40}$/.test(word) ? word : '')
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['passing', 'healthy'],
  ['warning', 'degraded'],
  ['critical', 'unhealthy'],
  ['unknown', ''],
])
