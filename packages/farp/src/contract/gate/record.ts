import { gunzip, gzip } from 'node:zlib'
import { isObject, own, ownList, ownText } from '../../json.ts'
import { promisify } from 'node:util'
import { SCHEMA_TYPES } from '../../manifest/manifest.ts'
import type { Contract, ContractOperation, ContractSchema } from './contract.ts'
import type { JsonObject } from '../../json.ts'
import type { SchemaOperation, SchemaType } from '../../adapters/adapter.ts'

/** A decision about a contract. */
export interface Decision {
  readonly digest: string
  readonly generation: string
  readonly version: string
  readonly checksum: string
  /** Unix milliseconds. */
  readonly at: number
  /** `first` (seen first), `policy` (the gateway), `operator`. */
  readonly by: string
}

/** What is known of one mount of a service: it outlives the process. */
export interface ContractRecord {
  readonly service: string
  /** The upstream: the service, with the version where the mount has it. */
  readonly line: string
  /** The latest last. */
  readonly approved: readonly Decision[]
  readonly rejected: readonly Decision[]
  /** The contract that newcomers are compared with. */
  readonly baseline: Contract
}

const zip = promisify(gzip)
const unzip = promisify(gunzip)

/** Characters of documents that are kept with a contract; larger ones are left out, and judged by their operations alone. */
const MOST_DOCUMENTS = 32_000_000
/** Bytes of a packed contract, once more as text: stores take 16 MiB. */
const MOST_PACKED = 11_000_000

/** A record as text for a store. */
export async function packRecord({ baseline, ...rest }: ContractRecord): Promise<string> {
  const { operations, ...contract } = baseline
  const entries = [...operations].map(([key, { kind, operation }]) => [key, kind ?? null, { ...operation, extensions: {} }])
  let documents = 0
  const schemas = contract.schemas.map((schema) => {
    const size = JSON.stringify(schema.document ?? null).length
    documents += size
    return documents > MOST_DOCUMENTS ? { ...schema, document: undefined } : schema
  })
  const whole = await zip(JSON.stringify({ ...contract, schemas, operations: entries }))
  const packed =
    whole.length <= MOST_PACKED
      ? whole
      : await zip(JSON.stringify({ ...contract, schemas: schemas.map(({ kind, hash }) => ({ kind, hash })), operations: entries }))
  return JSON.stringify({ ...rest, baseline: packed.toString('base64') })
}

/** A record from a store's text; `undefined` when it is none. */
export async function unpackRecord(text: string): Promise<ContractRecord | undefined> {
  try {
    const value: unknown = JSON.parse(text)
    if (!isObject(value)) return undefined
    const bytes = await unzip(Buffer.from(ownText(value, 'baseline') ?? '', 'base64'), { maxOutputLength: 256_000_000 })
    const baseline = contractIn(JSON.parse(bytes.toString()))
    const [service, line] = [ownText(value, 'service'), ownText(value, 'line')]
    const approved = decisionsIn(value, 'approved')
    if (baseline === undefined || service === undefined || line === undefined || approved.length === 0) return undefined
    return { service, line, approved, rejected: decisionsIn(value, 'rejected'), baseline }
  } catch {
    // Neither JSON nor gzip: it was not written here, or not whole.
    return undefined
  }
}

function decisionsIn(value: JsonObject, name: string): Decision[] {
  return ownList(value, name)
    .filter(isObject)
    .map((item) => ({
      ...headIn(item),
      at: Number(own(item, 'at') ?? 0),
      by: ownText(item, 'by') ?? 'policy',
    }))
}

function headIn(value: JsonObject): Pick<Contract, 'digest' | 'generation' | 'version' | 'checksum'> {
  const text = (name: string): string => ownText(value, name) ?? ''
  return { digest: text('digest'), generation: text('generation'), version: text('version'), checksum: text('checksum') }
}

function contractIn(value: unknown): Contract | undefined {
  if (!isObject(value)) return undefined
  const schemas = ownList(value, 'schemas')
    .filter(isObject)
    .flatMap((item): ContractSchema[] => {
      const [kind, document] = [ownText(item, 'kind') ?? '', own(item, 'document')]
      return isKind(kind) ? [{ kind, hash: ownText(item, 'hash') ?? '', document: isObject(document) ? document : undefined }] : []
    })
  const operations = ownList(value, 'operations').flatMap((entry): [string, ContractOperation][] => {
    const [key, kind, operation] = Array.isArray(entry) ? (entry as readonly unknown[]) : []
    if (typeof key !== 'string' || !isObject(operation) || ownText(operation, 'pattern') === undefined) return []
    // Written by `packRecord`: the members are those of an operation.
    return [
      [key, { kind: typeof kind === 'string' && isKind(kind) ? kind : undefined, operation: operation as unknown as SchemaOperation }],
    ]
  })
  return { ...headIn(value), operations: new Map(operations), schemas }
}

function isKind(kind: string): kind is SchemaType {
  return SCHEMA_TYPES.has(kind)
}
