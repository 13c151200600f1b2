import { Parser } from '@asyncapi/parser'
import { expect } from 'vitest'
import { isObject, own, ownObject, ownText } from '../json.ts'
import { mergeAsyncApi } from '../merge/asyncapi/merge.ts'
import { refsOf } from './merging.ts'
import { resolveItem, resolvePointer } from '../adapters/pointers.ts'
import type { FederatedService, RoutedOperation } from '../merge/input.ts'
import type { Given } from './merging.ts'
import type { JsonObject } from '../json.ts'

/** A service whose channels with an address are all routed, as WebSocket. */
export function asyncService(
  name: string,
  document: JsonObject,
  given: Given & { readonly protocol?: 'websocket' | 'sse' } = {},
): FederatedService {
  const { prefix = `/${name}`, mounts = [prefix], host, only, protocol = 'websocket', ...rest } = given
  const full = { asyncapi: '3.0.0', info: { title: name, version: '1' }, ...document }
  const operations = Object.entries(ownObject(full, 'channels') ?? {}).flatMap(([key, item]): RoutedOperation[] => {
    const channel = resolveItem(item, full) ?? {}
    const address = full.asyncapi.startsWith('2') ? key : own(channel, 'address') === undefined ? key : ownText(channel, 'address')
    if (address === undefined || (only !== undefined && !only.includes(address))) return []
    const path = address.startsWith('/') ? address : `/${address}`
    return mounts.map((at) => ({
      method: 'GET',
      path,
      mounted: at + path,
      key: (at + path).replaceAll(/\{[^}]*\}/g, '{}'),
      host,
      protocol,
    }))
  })
  return {
    id: name + (given.version ?? ''),
    name,
    version: '1.0.0',
    kind: 'asyncapi',
    metadata: {},
    collapsesTags: false,
    hasSiblings: false,
    priority: 50,
    hash: 'x',
    composition: undefined,
    document: full,
    operations: () => operations,
    ...rest,
  }
}

export interface MergedAsync {
  readonly asyncapi: string
  readonly info: JsonObject
  readonly servers: Readonly<Record<string, JsonObject>>
  readonly channels: Readonly<Record<string, JsonObject>>
  readonly operations: Readonly<Record<string, JsonObject>>
  readonly components: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>
}

/** Merges and checks that every local reference leads somewhere. */
export function mergeAsync(...services: FederatedService[]): MergedAsync {
  const document = JSON.parse(JSON.stringify(mergeAsyncApi(services).document)) as MergedAsync & JsonObject
  for (const ref of refsOf(document)) if (ref.startsWith('#')) expect(resolvePointer(document, ref), ref).toBeDefined()
  return document
}

/** What the AsyncAPI initiative's own parser has against a document, hints apart. */
export async function complaintsOf(document: unknown): Promise<string[]> {
  const found = await new Parser().validate(JSON.stringify(document))
  return found.filter(({ severity }) => severity === 0).map(({ code, path, message }) => `${code} ${path.join('.')}: ${message}`)
}

/** Every text under a member of this name, wherever it is. */
export function membersNamed(value: unknown, wanted: string, found: unknown[] = []): unknown[] {
  if (Array.isArray(value)) for (const item of value) membersNamed(item, wanted, found)
  else if (isObject(value))
    for (const [name, item] of Object.entries(value)) {
      if (name === wanted) found.push(item)
      membersNamed(item, wanted, found)
    }
  return found
}
