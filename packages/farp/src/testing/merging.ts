import { Validator } from '@seriousme/openapi-schema-validator'
import { expect } from 'vitest'
import { adaptOpenApi } from '../adapters/openapi.ts'
import { resolvePointer } from '../adapters/pointers.ts'
import { LIMITS } from '../limits.ts'
import { mountPath } from '../mount.ts'
import { isObject } from '../json.ts'
import { mergeOpenApi } from '../merge/openapi/merge.ts'
import type { FederatedService } from '../merge/input.ts'
import type { JsonObject } from '../json.ts'

export interface Given extends Partial<Omit<FederatedService, 'operations' | 'document'>> {
  readonly prefix?: string
  readonly host?: string
  readonly mounts?: readonly string[]
  readonly only?: readonly string[]
}

/** A service as the source would hand it over: every operation of the document, mounted by its name. */
export function service(name: string, document: JsonObject, given: Given = {}): FederatedService {
  const { prefix = `/${name}`, mounts = [prefix], host, only, ...rest } = given
  const full = { openapi: '3.1.0', info: { title: name, version: '1' }, ...document }
  const operations = adaptOpenApi(full, LIMITS).operations.filter(({ path }) => only === undefined || only.includes(path))
  return {
    id: name + (given.version ?? ''),
    name,
    version: '1.0.0',
    kind: 'openapi',
    metadata: {},
    collapsesTags: false,
    hasSiblings: false,
    priority: 50,
    hash: 'x',
    composition: undefined,
    document: full,
    operations: () =>
      mounts.flatMap((at) =>
        operations.map(({ method, path, key }) => ({
          method,
          path,
          mounted: mountPath({ prefix: at }, path),
          key: mountPath({ prefix: at }, key),
          host,
        })),
      ),
    ...rest,
  }
}

export interface Operation extends Record<string, unknown> {
  readonly operationId?: string
  readonly tags?: string[]
  readonly security?: unknown[]
  readonly parameters?: { name?: string; $ref?: string }[]
}

export interface Merged {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>
  readonly tags: readonly { name: string }[]
  readonly webhooks?: JsonObject
}

/** Merges, validates with the independent validator, and checks that every local reference leads somewhere. */
export async function merge(...services: FederatedService[]): Promise<Merged> {
  const document = JSON.parse(JSON.stringify(mergeOpenApi(services).document)) as Merged & JsonObject
  const { valid, errors } = await new Validator().validate(structuredClone(document))
  expect(errors).toBeUndefined()
  expect(valid).toBe(true)
  for (const ref of refsOf(document)) if (ref.startsWith('#')) expect(resolvePointer(document, ref), ref).toBeDefined()
  return document
}

export function refsOf(value: unknown, found: string[] = []): string[] {
  if (Array.isArray(value)) for (const item of value) refsOf(item, found)
  if (!isObject(value)) return found
  for (const [name, item] of Object.entries(value)) {
    if (name === '$ref' && typeof item === 'string') found.push(item)
    else if (name !== 'example' && name !== 'examples' && name !== 'default') refsOf(item, found)
  }
  return found
}

/** The responses of an operation that matters for something else. */
export const ok = { '200': { description: 'ok' } }
