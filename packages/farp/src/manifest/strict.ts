import * as v from 'valibot'
import { own, ownList, ownObject, table } from '../json.ts'
import { clean } from '../text.ts'
import { isChecksumOf, manifestChecksum } from './checksum.ts'
import { ManifestError, SCHEMA_TYPES, STRATEGIES } from './manifest.ts'
import type { JsonObject } from '../json.ts'
import type { ManifestCode } from './manifest.ts'

const PROTOCOL = '1.0.1'

const text = v.nullish(v.string())
const integer = v.nullish(v.pipe(v.number(), v.integer()))
const texts = v.nullish(v.array(v.nullable(v.string())))
const textMap = v.nullish(v.record(v.string(), v.nullable(v.string())))

/** The shapes Go's decoder accepts: `null` leaves the zero value, everything else must have the member's type. */
const Wire = v.looseObject({
  version: text,
  service_name: text,
  service_version: text,
  instance_id: text,
  instance: v.nullish(
    v.looseObject({
      address: text,
      region: text,
      zone: text,
      labels: textMap,
      weight: integer,
      status: text,
      role: text,
      deployment: v.nullish(
        v.looseObject({ deployment_id: text, strategy: text, traffic_percent: integer, stage: text, deployed_at: integer }),
      ),
      started_at: integer,
      expected_schema_checksum: text,
    }),
  ),
  schemas: v.nullish(
    v.array(
      v.looseObject({
        type: text,
        spec_version: text,
        location: v.nullish(v.looseObject({ type: text, url: text, registry_path: text, headers: textMap })),
        content_type: text,
        hash: text,
        size: integer,
      }),
    ),
  ),
  capabilities: texts,
  endpoints: v.nullish(
    v.looseObject({ health: text, metrics: text, openapi: text, asyncapi: text, graphql: text, grpc_reflection: v.nullish(v.boolean()) }),
  ),
  routing: v.nullish(
    v.looseObject({
      strategy: text,
      base_path: text,
      subdomain: text,
      strip_prefix: v.nullish(v.boolean()),
      priority: integer,
      tags: texts,
    }),
  ),
  updated_at: integer,
  checksum: text,
})

/** Applies the rules of the FARP Go library 1.0.1 in its order; throws a `ManifestError` with its text for the first that fails. */
export function validateStrictly(raw: JsonObject, options: { readonly newerMinor: boolean }): void {
  const shape = v.safeParse(Wire, raw)
  if (!shape.success) {
    const issue = shape.issues[0]
    throw new ManifestError('INVALID_MANIFEST', `invalid manifest format: ${v.getDotPath(issue) ?? ''} ${issue.message}`)
  }
  checkProtocol(textOf(raw, 'version'), options.newerMinor)
  need(raw, { name: 'service_name', message: 'service name is required' })
  need(raw, { name: 'instance_id', message: 'instance ID is required' })
  need(ownObject(raw, 'endpoints') ?? table(), { name: 'health', field: 'endpoints.health', message: 'health endpoint is required' })
  within('invalid instance metadata', () => checkInstance(ownObject(raw, 'instance')))
  within('invalid routing config', () => checkRouting(ownObject(raw, 'routing') ?? table()))
  const schemas = ownList(raw, 'schemas') as readonly JsonObject[]
  schemas.forEach((schema, index) => within(`invalid schema at index ${index}`, () => checkSchema(schema)))
  const declared = textOf(raw, 'checksum')
  const hashed = schemas.map((schema) => ({ type: textOf(schema, 'type'), hash: textOf(schema, 'hash') }))
  if (declared !== '' && !isChecksumOf(declared, hashed)) {
    throw new ManifestError(
      'CHECKSUM_MISMATCH',
      `schema checksum mismatch: expected ${manifestChecksum(hashed)}, got ${clean(declared, 80)}`,
    )
  }
}

function checkProtocol(version: string, newerMinor: boolean): void {
  const match = /^([+-]?\d+)\.([+-]?\d+)\.([+-]?\d+)/.exec(version)
  const isFine = match !== null && Number(match[1]) === 1 && (newerMinor || Number(match[2]) <= 0)
  if (!isFine) {
    throw new ManifestError(
      'INCOMPATIBLE_VERSION',
      `incompatible protocol version: manifest version ${clean(version, 40)}, protocol version ${PROTOCOL}`,
    )
  }
}

function checkInstance(instance: JsonObject | undefined): void {
  if (instance === undefined) return
  need(instance, { name: 'address', message: 'instance address is required' })
  range(instance, { name: 'weight', message: 'instance weight must be between 0 and 100' })
  const deployment = ownObject(instance, 'deployment')
  if (deployment === undefined) return
  need(deployment, { name: 'deployment_id', field: 'deployment.deployment_id', message: 'deployment ID is required' })
  range(deployment, { name: 'traffic_percent', field: 'deployment.traffic_percent', message: 'traffic percent must be between 0 and 100' })
}

function checkRouting(routing: JsonObject): void {
  const strategy = textOf(routing, 'strategy')
  if (strategy !== '' && !STRATEGIES.has(strategy)) throw invalid('routing.strategy', `invalid mount strategy: ${clean(strategy, 40)}`)
  if (strategy === 'custom') {
    need(routing, { name: 'base_path', field: 'routing.base_path', message: 'base path is required for custom mount strategy' })
  }
  if (strategy === 'subdomain') {
    need(routing, { name: 'subdomain', field: 'routing.subdomain', message: 'subdomain is required for subdomain mount strategy' })
  }
  range(routing, { name: 'priority', field: 'routing.priority', message: 'routing priority must be between 0 and 100' })
}

function checkSchema(schema: JsonObject): void {
  const type = textOf(schema, 'type')
  if (!SCHEMA_TYPES.has(type)) throw new ManifestError('VALIDATION', `unsupported schema type: ${clean(type, 40)}`, 'type')
  need(schema, { name: 'spec_version', message: 'spec version is required' })
  const location = ownObject(schema, 'location') ?? table()
  within('invalid schema location', () => checkLocation(location))
  if (textOf(location, 'type') === 'inline' && (own(schema, 'inline_schema') ?? null) === null) {
    throw invalid('inline_schema', 'inline schema is required for inline location type')
  }
  need(schema, { name: 'hash', message: 'schema hash is required' })
  if (Buffer.byteLength(textOf(schema, 'hash')) !== 64) throw invalid('hash', 'invalid hash format (expected 64 hex characters)')
  need(schema, { name: 'content_type', message: 'content type is required' })
}

function checkLocation(location: JsonObject): void {
  const type = textOf(location, 'type')
  if (type !== 'http' && type !== 'registry' && type !== 'inline')
    throw new ManifestError('VALIDATION', `invalid location type: ${clean(type, 40)}`, 'location')
  if (type === 'http' && textOf(location, 'url') === '') throw new ManifestError('VALIDATION', 'URL required for HTTP location', 'location')
  if (type === 'registry' && textOf(location, 'registry_path') === '') {
    throw new ManifestError('VALIDATION', 'registry path required for registry location', 'location')
  }
}

interface Member {
  readonly name: string
  /** As the error names it. Default: `name`. */
  readonly field?: string
  readonly message: string
}

function need(object: JsonObject, { name, field = name, message }: Member): void {
  if (textOf(object, name) === '') throw invalid(field, message)
}

function range(object: JsonObject, { name, field = name, message }: Member): void {
  const value = own(object, name)
  if (typeof value === 'number' && (value < 0 || value > 100)) throw invalid(field, message)
}

function textOf(object: JsonObject, name: string): string {
  const value = own(object, name)
  return typeof value === 'string' ? value : ''
}

function invalid(field: string, message: string): ManifestError {
  return new ManifestError('VALIDATION', `validation error: field=${field} message=${message}`, field)
}

function within(context: string, check: () => void): void {
  try {
    check()
  } catch (thrown) {
    if (!(thrown instanceof ManifestError)) throw thrown
    const code: ManifestCode = thrown.code
    throw new ManifestError(code, `${context}: ${thrown.message}`, thrown.field)
  }
}
