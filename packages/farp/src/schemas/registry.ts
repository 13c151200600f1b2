import { gunzip } from 'node:zlib'
import { promisify } from 'node:util'
import { clean, messageOf } from '../text.ts'
import { FetchError } from '../net/fetcher.ts'
import { SchemaError } from './parse.ts'
import type { KeyValue } from '@octopus-gateway/core'
import type { Limits } from '../limits.ts'

/** A registry's key-value store, with the time a question may take. */
export interface RegistryStore {
  /** The kind of registry: `consul`, `etcd`… */
  readonly name: string
  /** Rejects with a `FetchError`. */
  get(key: string): Promise<KeyValue | undefined>
}

/** A schema as it is in a registry. */
export interface RegistryValue {
  readonly key: string
  /** Decompressed. */
  readonly bytes: Uint8Array
}

/**
 * The keys to try for a path, in order. The second and third group are what FARP libraries write: the namespace `farp` right before the path, and
 * the same again below their own prefix. Keys of one group hold the same value, compressed or not. The path itself is a key only among schemas: a
 * manifest must not read whatever else the operator keeps there.
 */
export function registryKeys(backend: string, path: string): readonly (readonly string[])[] {
  const isConsul = backend === 'consul'
  const inner = path.replace(/^\/+/, '')
  if (backend === 'kubernetes' && path.startsWith('configmap:')) return [[path]]
  // Consul's keys do not begin with a slash.
  const own = isConsul ? inner : path
  const named = inner.startsWith('farp/') ? inner : `farp/${inner}`
  const library = isConsul ? `farp/${named}` : `farp/kv/${named}`
  const groups = [
    [`${named}.gz`, named],
    [`${library}.gz`, library],
  ]
  return inner.split('/').includes('schemas') ? [[own], ...groups] : groups
}

/** Reads a schema from a registry. Rejects with a `FetchError` when it is not there, with a `SchemaError` when it cannot be decoded. */
export async function readRegistry(store: RegistryStore, path: string, limits: Limits): Promise<RegistryValue> {
  if (!isPath(path)) throw new FetchError('blocked', `"${clean(path, 100)}" is no path of a registry`)
  for (const group of registryKeys(store.name, path)) {
    const found: { readonly key: string; readonly value: KeyValue }[] = []
    for (const key of group) {
      const value = await store.get(key)
      if (value !== undefined) found.push({ key, value })
    }
    // A compressed value that a smaller one replaced stays behind: the newer one counts, and of two that are equally new the compressed one.
    const newest = found.sort((a, b) => b.value.revision - a.value.revision)[0]
    if (newest !== undefined) return { key: newest.key, bytes: await decoded(newest.value.value, limits) }
  }
  throw new FetchError('status', `"${clean(path, 100)}" is not there`)
}

function isPath(path: string): boolean {
  if (path.length > 512 || !/^(?:configmap:)?[A-Za-z0-9._~/:-]+$/.test(path)) return false
  return !path
    .replace(/^\/+/, '')
    .split('/')
    .some((segment) => segment === '' || segment === '.' || segment === '..')
}

async function decoded(value: Uint8Array, limits: Limits): Promise<Uint8Array> {
  if (value.length > limits.schemaBytes) throw new SchemaError(`it is larger than ${limits.schemaBytes} bytes`)
  if (value[0] !== 0x1f || value[1] !== 0x8b) return value
  // Small values compress well for honest reasons; the length that a value claims is not asked.
  const most = Math.min(limits.schemaBytes, Math.max(65_536, value.length * limits.ratio))
  try {
    return await promisify(gunzip)(value, { maxOutputLength: most })
  } catch (thrown) {
    const isBomb = (thrown as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
    throw new SchemaError(isBomb ? `it decodes to more than ${most} bytes` : `it cannot be decompressed: ${messageOf(thrown)}`)
  }
}
