import * as v from 'valibot'
import { own, ownList, ownObject, table } from '../json.ts'
import { clean } from '../text.ts'
import { isChecksumOf, manifestChecksum } from './checksum.ts'
import { ManifestError, SCHEMA_TYPES, STRATEGIES } from './manifest.ts'
import { pointerPart } from './note.ts'
import type { JsonObject } from '../json.ts'

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

/** Takes a problem. One that throws ends the check at the first. */
export type Refuse = (error: ManifestError) => void

/** How to apply the rules. */
export interface StrictOptions {
  /** Accept protocol versions from 1.1 on. */
  readonly newerMinor: boolean
  /** Default: throws the first problem, as that library does. */
  readonly refuse?: Refuse
}

/** Applies the rules of the FARP Go library 1.0.1 in its order, with its texts. */
export function validateStrictly(raw: JsonObject, { newerMinor, refuse = raise }: StrictOptions): void {
  const shape = v.safeParse(Wire, raw)
  if (!shape.success) {
    for (const issue of shape.issues) refuse(misshapen(issue))
    return
  }
  const at: Place = { refuse, pointer: '' }
  checkProtocol(textOf(raw, 'version'), newerMinor, refuse)
  need(raw, at, { name: 'service_name', message: 'service name is required' })
  need(raw, at, { name: 'instance_id', message: 'instance ID is required' })
  need(ownObject(raw, 'endpoints') ?? table(), inside(at, '/endpoints'), {
    name: 'health',
    field: 'endpoints.health',
    message: 'health endpoint is required',
  })
  checkInstance(ownObject(raw, 'instance'), inside(at, '/instance', 'invalid instance metadata'))
  checkRouting(ownObject(raw, 'routing') ?? table(), inside(at, '/routing', 'invalid routing config'))
  const schemas = ownList(raw, 'schemas') as readonly JsonObject[]
  schemas.forEach((schema, index) => checkSchema(schema, inside(at, `/schemas/${index}`, `invalid schema at index ${index}`)))
  const declared = textOf(raw, 'checksum')
  const hashed = schemas.map((schema) => ({ type: textOf(schema, 'type'), hash: textOf(schema, 'hash') }))
  if (declared !== '' && !isChecksumOf(declared, hashed)) {
    const message = `schema checksum mismatch: expected ${manifestChecksum(hashed)}, got ${clean(declared, 80)}`
    refuse(new ManifestError('CHECKSUM_MISMATCH', message, undefined, '/checksum'))
  }
}

function raise(error: ManifestError): never {
  throw error
}

function misshapen(issue: v.BaseIssue<unknown>): ManifestError {
  const pointer = (issue.path ?? []).map(({ key }) => `/${pointerPart(String(key))}`).join('')
  return new ManifestError('INVALID_MANIFEST', `invalid manifest format: ${v.getDotPath(issue) ?? ''} ${issue.message}`, undefined, pointer)
}

/** Where a check looks, and whom it tells. */
interface Place {
  readonly refuse: Refuse
  readonly pointer: string
}

/** A member's place. What is wrong there is told with the context in front. */
function inside(at: Place, member: string, context?: string): Place {
  const pointer = at.pointer + member
  if (context === undefined) return { refuse: at.refuse, pointer }
  return {
    pointer,
    refuse: (error) => at.refuse(new ManifestError(error.code, `${context}: ${error.message}`, error.field, error.pointer)),
  }
}

function checkProtocol(version: string, newerMinor: boolean, refuse: Refuse): void {
  const match = /^([+-]?\d+)\.([+-]?\d+)\.([+-]?\d+)/.exec(version)
  const isFine = match !== null && Number(match[1]) === 1 && (newerMinor || Number(match[2]) <= 0)
  if (isFine) return
  const message = `incompatible protocol version: manifest version ${clean(version, 40)}, protocol version ${PROTOCOL}`
  refuse(new ManifestError('INCOMPATIBLE_VERSION', message, undefined, '/version'))
}

function checkInstance(instance: JsonObject | undefined, at: Place): void {
  if (instance === undefined) return
  need(instance, at, { name: 'address', message: 'instance address is required' })
  range(instance, at, { name: 'weight', message: 'instance weight must be between 0 and 100' })
  const deployment = ownObject(instance, 'deployment')
  if (deployment === undefined) return
  const there = inside(at, '/deployment')
  need(deployment, there, { name: 'deployment_id', field: 'deployment.deployment_id', message: 'deployment ID is required' })
  range(deployment, there, {
    name: 'traffic_percent',
    field: 'deployment.traffic_percent',
    message: 'traffic percent must be between 0 and 100',
  })
}

function checkRouting(routing: JsonObject, at: Place): void {
  const strategy = textOf(routing, 'strategy')
  if (strategy !== '' && !STRATEGIES.has(strategy)) {
    refuseField(at, { name: 'strategy', field: 'routing.strategy', message: `invalid mount strategy: ${clean(strategy, 40)}` })
  }
  if (strategy === 'custom') {
    need(routing, at, { name: 'base_path', field: 'routing.base_path', message: 'base path is required for custom mount strategy' })
  }
  if (strategy === 'subdomain') {
    need(routing, at, { name: 'subdomain', field: 'routing.subdomain', message: 'subdomain is required for subdomain mount strategy' })
  }
  range(routing, at, { name: 'priority', field: 'routing.priority', message: 'routing priority must be between 0 and 100' })
}

function checkSchema(schema: JsonObject, at: Place): void {
  const type = textOf(schema, 'type')
  if (!SCHEMA_TYPES.has(type)) {
    at.refuse(new ManifestError('VALIDATION', `unsupported schema type: ${clean(type, 40)}`, 'type', `${at.pointer}/type`))
  }
  need(schema, at, { name: 'spec_version', message: 'spec version is required' })
  const location = ownObject(schema, 'location') ?? table()
  checkLocation(location, inside(at, '/location', 'invalid schema location'))
  if (textOf(location, 'type') === 'inline' && (own(schema, 'inline_schema') ?? null) === null) {
    refuseField(at, { name: 'inline_schema', message: 'inline schema is required for inline location type' })
  }
  need(schema, at, { name: 'hash', message: 'schema hash is required' })
  const hash = textOf(schema, 'hash')
  if (hash !== '' && Buffer.byteLength(hash) !== 64)
    refuseField(at, { name: 'hash', message: 'invalid hash format (expected 64 hex characters)' })
  need(schema, at, { name: 'content_type', message: 'content type is required' })
}

function checkLocation(location: JsonObject, at: Place): void {
  const type = textOf(location, 'type')
  const refused = (name: string, message: string): void =>
    at.refuse(new ManifestError('VALIDATION', message, 'location', `${at.pointer}/${name}`))
  if (type !== 'http' && type !== 'registry' && type !== 'inline') refused('type', `invalid location type: ${clean(type, 40)}`)
  if (type === 'http' && textOf(location, 'url') === '') refused('url', 'URL required for HTTP location')
  if (type === 'registry' && textOf(location, 'registry_path') === '')
    refused('registry_path', 'registry path required for registry location')
}

interface Member {
  readonly name: string
  /** As the error names it. Default: `name`. */
  readonly field?: string
  readonly message: string
}

function need(object: JsonObject, at: Place, member: Member): void {
  if (textOf(object, member.name) === '') refuseField(at, member)
}

function range(object: JsonObject, at: Place, member: Member): void {
  const value = own(object, member.name)
  if (typeof value === 'number' && (value < 0 || value > 100)) refuseField(at, member)
}

function refuseField(at: Place, { name, field = name, message }: Member): void {
  at.refuse(new ManifestError('VALIDATION', `validation error: field=${field} message=${message}`, field, `${at.pointer}/${name}`))
}

function textOf(object: JsonObject, name: string): string {
  const value = own(object, name)
  return typeof value === 'string' ? value : ''
}
