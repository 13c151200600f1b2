import { expect, test } from 'vitest'
import { mergeOpenApi } from './merge.ts'
import { mountOf } from '../../mount.ts'
import { ownObject } from '../../json.ts'
import { readDescriptor } from '../../manifest/descriptor.ts'
import { service } from '../../testing/merging.ts'
import { vectors } from '../../testing/vectors.ts'
import type { JsonObject } from '../../json.ts'
import type { MountStrategy } from '../../manifest/manifest.ts'

interface Expected {
  readonly openapi: string
  readonly info: JsonObject
  readonly included: string[]
  readonly excluded: string[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string; readonly tags?: string[] }>>>>
  readonly component_schemas: string[]
  readonly security_schemes: string[] | null
  readonly tags: string[] | null
  readonly conflicts: JsonObject[]
  readonly warnings: string[]
}

interface Vector {
  readonly name: string
  readonly expected?: Expected
  readonly gateway_expected?: Expected
  readonly gateway_why?: string
  readonly inputs: readonly {
    readonly instance_id: string
    readonly service_name: string
    readonly service_version: string
    readonly strategy: MountStrategy
    readonly composition?: JsonObject
    readonly schema: JsonObject
  }[]
}

const { cases } = vectors<{ cases: readonly Vector[] }>('merged-openapi')

function run({ inputs }: Vector): ReturnType<typeof mergeOpenApi> {
  return mergeOpenApi(
    inputs.map((input) => {
      const metadata = input.composition === undefined ? {} : { openapi: { composition: input.composition } }
      const location = { type: 'inline', inline_schema: input.schema }
      const { composition } = readDescriptor({ type: 'openapi', spec_version: '3.1.0', location, metadata }, () => {})!
      const { prefix } = mountOf({
        strategy: input.strategy,
        serviceName: input.service_name,
        serviceVersion: input.service_version,
        instanceId: input.instance_id,
        basePath: '',
        subdomain: '',
      })
      return service(input.service_name, input.schema, { version: input.service_version, composition, prefix })
    }),
  )
}

test.each(cases)('vector $name', (vector) => {
  const expected = (vector.gateway_expected ?? vector.expected)!
  const { document, included, excluded, conflicts, warnings } = run(vector)
  const components = document['components'] as Record<string, JsonObject>
  const names = (section: string): string[] => Object.keys(ownObject(components, section) ?? {}).sort()
  expect(document['openapi']).toBe(expected.openapi)
  expect(document['info']).toEqual(expected.info)
  expect([...included].sort()).toEqual([...expected.included].sort())
  expect(excluded.map((one) => one.service)).toEqual(expected.excluded)
  expect(Object.keys(document['paths'] as object).sort()).toEqual(Object.keys(expected.paths).sort())
  for (const [path, item] of Object.entries(expected.paths)) {
    const merged = (document['paths'] as Record<string, JsonObject>)[path]!
    expect(Object.keys(merged).sort(), path).toEqual(Object.keys(item).sort())
    for (const [method, { operationId, tags = [] }] of Object.entries(item)) {
      const operation = merged[method] as { operationId: string; tags?: string[] }
      expect([operation.operationId, operation.tags ?? []]).toEqual([operationId, tags])
    }
  }
  expect(names('schemas')).toEqual(expected.component_schemas)
  expect(names('securitySchemes')).toEqual(expected.security_schemes ?? [])
  expect((document['tags'] as { name: string }[]).map(({ name }) => name)).toEqual(expected.tags ?? [])
  expect(conflicts).toEqual(expected.conflicts)
  expect(warnings).toEqual(expected.warnings)
})

test('every vector that the gateway decides otherwise says why', () => {
  const changed = cases.filter(({ gateway_expected }) => gateway_expected !== undefined)
  expect(changed.map(({ name }) => name)).toEqual(['conflict-prefix', 'conflict-merge-same-method', 'conflict-error'])
  for (const { gateway_why: why } of changed) expect(why).toMatch(/\w/)
})
