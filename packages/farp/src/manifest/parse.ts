import { LIMITS } from '../limits.ts'
import { isObject, own, ownList, violation } from '../json.ts'
import { decodeUtf8 } from '../schemas/utf8.ts'
import { isChecksumOf, manifestChecksum, sha256 } from './checksum.ts'
import { checkVersion, readManifest } from './read.ts'
import { ManifestError } from './manifest.ts'
import { validateStrictly } from './strict.ts'
import type { Finding } from '@octopus-gateway/core'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'
import type { Manifest } from './manifest.ts'

/** How to read a manifest. */
export interface ParseOptions {
  /**
   * `lenient` (default) takes what real services write and says so in findings; only `service_name` is mandatory.
   * `strict` applies the rules of the FARP Go library 1.0.1, with its error texts.
   */
  readonly mode?: 'lenient' | 'strict'
  /** In strict mode, accept protocol versions from 1.1 on as well, which that library refuses. Default false. */
  readonly newerMinor?: boolean
  /** Whether a discovery record gives the address, so that `instance.address` may be missing. Default false. */
  readonly addressKnown?: boolean
  /** Default: the limits of the protocol. */
  readonly limits?: Limits
}

/** A manifest and what was odd about it. */
export interface ParsedManifest {
  readonly manifest: Manifest
  readonly findings: readonly Finding[]
}

/** Reads a manifest from the bytes or the text of a JSON document. Throws `ManifestError`. */
export function parseManifest(content: string | Uint8Array, options: ParseOptions = {}): ParsedManifest {
  const { mode = 'lenient', newerMinor = false, addressKnown = false, limits = LIMITS } = options
  const raw = decode(content, limits)
  if (mode === 'strict') validateStrictly(raw, { newerMinor })
  const version = checkVersion(raw)
  const read = readManifest(raw, { addressKnown })
  const { manifest } = read
  const problem = beyondLimits(raw, limits) ?? mismatch(raw, manifest.checksum)
  if (problem !== undefined) throw problem
  return { manifest, findings: [...version, ...read.findings] }
}

/** Why a manifest is too large to be read, or `undefined`. */
export function beyondLimits(raw: JsonObject, limits: Limits): ManifestError | undefined {
  if (ownList(raw, 'schemas').length <= limits.schemas) return undefined
  return new ManifestError('LIMIT_EXCEEDED', `a manifest lists at most ${limits.schemas} schemas`, undefined, '/schemas')
}

/** How a declared checksum differs from the one of the schemas, or `undefined`. */
export function mismatch(raw: JsonObject, checksum: string): ManifestError | undefined {
  if (checksum === '') return undefined
  const declared = hashesOf(raw)
  if (isChecksumOf(checksum, declared)) return undefined
  const message = `schema checksum mismatch: computed ${manifestChecksum(declared) || 'none'}, declared ${checksum}`
  return new ManifestError('CHECKSUM_MISMATCH', message, undefined, '/checksum')
}

/** The JSON object of a manifest. Throws `ManifestError`. */
export function decode(content: string | Uint8Array, limits: Limits): JsonObject {
  const text = typeof content === 'string' ? content : decodeUtf8(content)
  if (text === undefined) throw new ManifestError('INVALID_MANIFEST', 'it is not UTF-8')
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (thrown) {
    throw new ManifestError('INVALID_MANIFEST', `it is not JSON: ${(thrown as Error).message}`)
  }
  const problem = violation(raw, limits)
  if (problem !== undefined) throw new ManifestError('INVALID_MANIFEST', problem)
  if (!isObject(raw)) throw new ManifestError('INVALID_MANIFEST', 'it is not a JSON object')
  const schemas = own(raw, 'schemas')
  if (schemas !== undefined && schemas !== null && !Array.isArray(schemas))
    throw new ManifestError('INVALID_MANIFEST', 'schemas is not a list', undefined, '/schemas')
  return raw
}

function hashesOf(raw: JsonObject): { type: string; hash: string }[] {
  const schemas = own(raw, 'schemas')
  if (!Array.isArray(schemas)) return []
  const text = (item: unknown, name: string): string => {
    const value = isObject(item) ? own(item, name) : undefined
    return typeof value === 'string' ? value : ''
  }
  return schemas.map((item) => ({ type: text(item, 'type'), hash: text(item, 'hash') }))
}

/** A `parseManifest` that remembers its last result: most polls bring the bytes of the one before. */
export function manifestReader(options: ParseOptions): (content: string | Uint8Array) => ParsedManifest {
  let last: { readonly digest: string; readonly parsed: ParsedManifest } | undefined
  return (content) => {
    const digest = sha256(content)
    if (last?.digest !== digest) last = { digest, parsed: parseManifest(content, options) }
    return last.parsed
  }
}
