import { adapterOf } from '../adapters/index.ts'
import { beyondLimits, decode, mismatch } from '../manifest/parse.ts'
import { checkVersion, readManifest } from '../manifest/read.ts'
import { finding } from '../findings.ts'
import { isHashOf } from '../schemas/canonical.ts'
import { LIMITS } from '../limits.ts'
import { ManifestError, SCHEMA_TYPES } from '../manifest/manifest.ts'
import { isObject, own, ownList, ownObject, ownText, table } from '../json.ts'
import { SchemaError } from '../schemas/parse.ts'
import { validateStrictly } from '../manifest/strict.ts'
import type { Finding } from '@octopus-gateway/core'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { ParseOptions } from '../manifest/parse.ts'
import type { SchemaType } from '../adapters/adapter.ts'

/** Everything there is to say about a manifest. */
export interface Examination {
  /** Absent when a gateway would refuse it. */
  readonly manifest: Manifest | undefined
  /** In the order of the manifest's members as they are checked; those with severity `error` are why it is refused. */
  readonly findings: readonly Finding[]
}

/**
 * Checks a manifest and tells every problem with its place, where `parseManifest` throws the first. Schemas inside the manifest are read and their
 * hashes verified; nothing is fetched. Never throws for what the manifest says.
 */
export async function examineManifest(content: string | Uint8Array, options: ParseOptions = {}): Promise<Examination> {
  const { mode = 'lenient', newerMinor = false, addressKnown = false, limits = LIMITS } = options
  const findings: Finding[] = []
  const refuse = (error: ManifestError): void => {
    // Both sets of rules may refuse the same member; its first problem says enough.
    const isTold = findings.some(({ severity, pointer }) => severity === 'error' && pointer === error.pointer)
    if (!isTold) findings.push(finding(error.code, error.message, error.pointer))
  }
  const raw = attempt(() => decode(content, limits), refuse)
  if (raw === undefined) return { manifest: undefined, findings }
  if (mode === 'strict') validateStrictly(raw, { newerMinor, refuse })
  findings.push(...(attempt(() => checkVersion(raw), refuse) ?? []))
  const read = readManifest(raw, { addressKnown, refuse })
  findings.push(...read.findings)
  const tooLarge = beyondLimits(raw, limits)
  const differs = mismatch(raw, read.manifest.checksum)
  if (tooLarge !== undefined) refuse(tooLarge)
  if (differs !== undefined) refuse(differs)
  const isRefused = findings.some(({ severity }) => severity === 'error')
  if (tooLarge === undefined) findings.push(...(await inlineFindings(raw, limits)))
  return { manifest: isRefused ? undefined : read.manifest, findings }
}

function attempt<T>(work: () => T, refuse: (error: ManifestError) => void): T | undefined {
  try {
    return work()
  } catch (thrown) {
    if (!(thrown instanceof ManifestError)) throw thrown
    refuse(thrown)
    return undefined
  }
}

async function inlineFindings(raw: JsonObject, limits: Limits): Promise<Finding[]> {
  const found = await Promise.all(ownList(raw, 'schemas').map((item, index) => inlineFinding(item, { at: `/schemas/${index}`, limits })))
  return found.flat()
}

async function inlineFinding(item: unknown, { at, limits }: { readonly at: string; readonly limits: Limits }): Promise<Finding[]> {
  if (!isObject(item)) return []
  const type = ownText(item, 'type') ?? ''
  const isNested = (own(item, 'inline_schema') ?? null) === null
  const value = isNested ? own(ownObject(item, 'location') ?? table(), 'inline_schema') : own(item, 'inline_schema')
  if (!isSchemaType(type) || value === undefined || value === null) return []
  const pointer = `${at}${isNested ? '/location' : ''}/inline_schema`
  const adapter = await adapterOf(type)
  try {
    const metadata = ownObject(ownObject(item, 'metadata') ?? table(), type) ?? table()
    const { findings } = adapter.adapt(adapter.check(value, limits), { limits, metadata, endpoint: undefined })
    return [...findings.map((one) => ({ ...one, pointer })), ...hashFinding(ownText(item, 'hash'), value, at)]
  } catch (thrown) {
    if (!(thrown instanceof SchemaError)) throw thrown
    return [finding('SCHEMA_INVALID', `the ${type} schema cannot be used: ${thrown.message}`, pointer)]
  }
}

function hashFinding(hash: string | undefined, value: unknown, at: string): Finding[] {
  if (hash === undefined || !/^[0-9a-f]{64}$/i.test(hash) || isHashOf(hash, { value })) return []
  return [finding('HASH_MISMATCH', 'the schema inside the manifest does not have the hash that is declared', `${at}/hash`)]
}

function isSchemaType(type: string): type is SchemaType {
  return SCHEMA_TYPES.has(type)
}
