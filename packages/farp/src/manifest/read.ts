import { finding } from '../findings.ts'
import { isObject, own, ownList, ownObject, ownText, table } from '../json.ts'
import { clean, isSegment } from '../text.ts'
import { ManifestError } from './manifest.ts'
import { readAuth } from './auth.ts'
import { readDescriptor } from './descriptor.ts'
import { NO_ROUTING, readRouting } from './routing.ts'
import type { Finding } from '@octopus-gateway/core'
import type { InstanceAccount, Manifest, SchemaDescriptor } from './manifest.ts'
import type { JsonObject } from '../json.ts'
import type { Note } from './note.ts'

/** Accepts every 1.x version, in whatever form; says what was odd. Throws `INCOMPATIBLE_VERSION` for another major version. */
export function checkVersion(raw: JsonObject): Finding[] {
  const text = ownText(raw, 'version') ?? ''
  if (text === '') return [finding('MANIFEST_LENIENT', 'version is missing; 1.0.0 is assumed', '/version')]
  const match = /^(v?)(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:[-+].*)?$/.exec(text)
  if (match === null || Number(match[2]) !== 1) {
    throw new ManifestError(
      'INCOMPATIBLE_VERSION',
      `protocol version ${clean(text, 40)} is not supported; this gateway speaks 1.x`,
      'version',
      '/version',
    )
  }
  if (Number(match[3] ?? 0) > 1)
    return [finding('MANIFEST_LENIENT', `protocol version ${text} is newer than 1.1; unknown members are ignored`, '/version')]
  if (match[1] !== '' || match[4] === undefined || match[5] !== undefined) {
    return [finding('MANIFEST_LENIENT', `version "${text}" is not written major.minor.patch`, '/version')]
  }
  return []
}

/** How to read a manifest. */
export interface ReadOptions {
  /** Whether `instance.address` may be missing. */
  readonly addressKnown: boolean
  /** Told of what must not be guessed, instead of a throw: to find every problem, not only the first. What is read then is of no use. */
  readonly refuse?: (error: ManifestError) => void
}

/** Reads a manifest member by member, taking what can be taken. Throws `ManifestError` for what must not be guessed. */
export function readManifest(raw: JsonObject, options: ReadOptions): { manifest: Manifest; findings: Finding[] } {
  const findings: Finding[] = []
  const note: Note = (message, pointer) => void findings.push(finding('MANIFEST_LENIENT', message, pointer))
  const { refuse } = options
  const attempt = <T>(read: () => T, instead: T): T => {
    if (refuse === undefined) return read()
    try {
      return read()
    } catch (thrown) {
      if (!(thrown instanceof ManifestError)) throw thrown
      refuse(thrown)
      return instead
    }
  }
  const serviceName = attempt(() => serviceNameOf(raw), '')
  const routing = attempt(() => readRouting(raw, note), NO_ROUTING)
  const instance = attempt(() => readInstance(raw, options), undefined)
  const endpoints = readEndpoints(raw)
  if (endpoints.health === undefined) note('endpoints.health is missing', '/endpoints/health')
  const manifest: Omit<Manifest, 'raw'> = {
    version: ownText(raw, 'version') || '1.0.0',
    serviceName,
    serviceVersion: attempt(() => checked(raw, { name: 'service_version', mustFit: routing.strategy === 'versioned', note }), '') ?? '',
    instanceId: attempt(() => instanceIdOf(raw, { mustFit: routing.strategy === 'instance', note }), undefined),
    instance,
    schemas: readSchemas(raw, note),
    capabilities: ownList(raw, 'capabilities').filter((item) => typeof item === 'string'),
    endpoints,
    routing,
    auth: readAuth(raw),
    updatedAt: numberOf(own(raw, 'updated_at')) ?? 0,
    checksum: ownText(raw, 'checksum') ?? '',
    routesChecksum: ownText(raw, 'routes_checksum') ?? '',
    extensions: table(Object.entries(raw).filter(([name]) => name.startsWith('x-'))),
  }
  // Not enumerable: it may hold a secret, and what is written or copied member by member must not contain it.
  return { manifest: withRaw(manifest, raw), findings }
}

/** The same manifest with another account of its instance. */
export function withInstance(manifest: Manifest, instance: InstanceAccount): Manifest {
  return withRaw({ ...manifest, instance }, manifest.raw)
}

/** Not shown where manifests are printed or compared: it may hold secrets. */
function withRaw(manifest: Omit<Manifest, 'raw'>, raw: JsonObject): Manifest {
  return Object.defineProperty(manifest, 'raw', { value: raw }) as Manifest
}

function serviceNameOf(raw: JsonObject): string {
  const name = ownText(raw, 'service_name') ?? ''
  const refused = (message: string): ManifestError => new ManifestError('VALIDATION', message, 'service_name', '/service_name')
  if (name === '') throw refused('service_name is missing')
  if (!isSegment(name)) throw refused(`service_name "${clean(name, 100)}" may contain only letters, digits and . _ ~ -`)
  return name
}

interface Check {
  readonly mustFit: boolean
  readonly note: Note
}

/** A text that may become a path segment. Where it does, an unsafe one is refused; elsewhere it is left as a label. */
function checked(raw: JsonObject, { name, mustFit, note }: Check & { readonly name: string }): string | undefined {
  const text = ownText(raw, name) ?? ''
  if (text === '') {
    if (mustFit) throw new ManifestError('VALIDATION', `${name} is missing and the mount strategy needs it`, name, `/${name}`)
    return undefined
  }
  if (isSegment(text)) return text
  if (mustFit) {
    const message = `${name} "${clean(text, 100)}" may contain only letters, digits and . _ ~ -`
    throw new ManifestError('VALIDATION', message, name, `/${name}`)
  }
  // Build metadata (`1.2.3+4`) is common and harmless where the text does not become a path.
  if (!/^[\x21-\x7e]{1,255}$/.test(text)) note(`${name} has characters that are not printable ASCII; they are removed`, `/${name}`)
  return clean(text, 255).replaceAll(/[^\x21-\x7e]/g, '')
}

function instanceIdOf(raw: JsonObject, check: Check): string | undefined {
  if ((ownText(raw, 'instance_id') ?? '') !== '') return checked(raw, { name: 'instance_id', ...check })
  check.note('instance_id is missing; the id of the discovery record is used', '/instance_id')
  return undefined
}

/** What the member `instance` says, when there is one. Throws `ManifestError`. */
export function readInstance(raw: JsonObject, { addressKnown }: { readonly addressKnown: boolean }): InstanceAccount | undefined {
  const instance = ownObject(raw, 'instance')
  if (instance === undefined) return undefined
  const deployment = ownObject(instance, 'deployment') ?? table()
  const address = ownText(instance, 'address') ?? ''
  if (address === '' && !addressKnown) throw new ManifestError('VALIDATION', 'instance.address is missing', 'address', '/instance/address')
  return {
    address,
    zone: ownText(instance, 'zone') || undefined,
    region: ownText(instance, 'region') || undefined,
    labels: labelsOf(instance),
    weight: percentOf(own(instance, 'weight'), 'weight'),
    status: ownText(instance, 'status') ?? '',
    role: ownText(instance, 'role') ?? '',
    strategy: ownText(deployment, 'strategy') ?? '',
    trafficPercent: percentOf(own(deployment, 'traffic_percent'), 'deployment.traffic_percent'),
    expectedChecksum: ownText(instance, 'expected_schema_checksum') ?? '',
  }
}

function labelsOf(instance: JsonObject): Readonly<Record<string, string>> {
  const labels = Object.entries(ownObject(instance, 'labels') ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return table(labels.slice(0, 100))
}

function readEndpoints(raw: JsonObject): Manifest['endpoints'] {
  const endpoints = ownObject(raw, 'endpoints') ?? table()
  const path = (name: string): string | undefined => ownText(endpoints, name) || undefined
  return {
    health: path('health'),
    metrics: path('metrics'),
    openapi: path('openapi'),
    asyncapi: path('asyncapi'),
    graphql: path('graphql'),
    grpcReflection: own(endpoints, 'grpc_reflection') === true,
  }
}

function readSchemas(raw: JsonObject, note: Note): SchemaDescriptor[] {
  return ownList(raw, 'schemas').flatMap((item, index) => {
    if (isObject(item)) return readDescriptor(item, (message, at) => note(`schemas[${index}]: ${message}`, `/schemas/${index}${at}`)) ?? []
    note(`schemas[${index}] is not an object and was skipped`, `/schemas/${index}`)
    return []
  })
}

/** 0 to 100, or `undefined` when absent. Throws for anything else: a guess would move traffic. */
function percentOf(value: unknown, field: string): number | undefined {
  if (value === undefined || value === null) return undefined
  const number = numberOf(value)
  if (number === undefined || !Number.isInteger(number) || number < 0 || number > 100) {
    throw new ManifestError(
      'VALIDATION',
      `${field} must be a whole number between 0 and 100`,
      field,
      `/instance/${field.replace('.', '/')}`,
    )
  }
  return number
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
