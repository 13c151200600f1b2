import * as v from 'valibot'
import { ConsulClient } from './client.ts'
import type { KeyValue } from '@octopus-gateway/core'
import type { Settings } from './options.ts'

const found = v.tuple([v.object({ Value: v.nullable(v.string()), ModifyIndex: v.number() })])

/** A value of the key-value store. A slash in front is not part of a key. */
export async function readKey(settings: Settings, key: string, signal: AbortSignal): Promise<KeyValue | undefined> {
  const name = key.replace(/^\/+/, '')
  // Consul would clean the path and answer for another one.
  if (name.split('/').some((segment) => /^\.{0,2}$/.test(segment))) return undefined
  using client = await ConsulClient.open(settings)
  const told = await client.key(name, signal)
  if (told === undefined) return undefined
  const [{ Value, ModifyIndex }] = client.read(found, told, 'a key')
  return { value: Buffer.from(Value ?? '', 'base64'), revision: ModifyIndex }
}
