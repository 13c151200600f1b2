import { expect, test } from 'vitest'
import { adapterOf } from './index.ts'
import { documentAdapter } from './document.ts'
import { LIMITS } from '../limits.ts'
import { mountPath, upstreamPath } from '../mount.ts'
import { vectors } from '../testing/vectors.ts'
import type { JsonObject } from '../json.ts'
import type { SchemaType } from './adapter.ts'

interface Vector {
  readonly name: string
  readonly schema_type: SchemaType
  readonly schema: JsonObject
  readonly endpoints_graphql: string
  readonly instance_address: string
  readonly gateway_expected_with_service_mount: readonly {
    readonly method: string
    readonly path: string
    readonly upstream?: string
    readonly upgrade?: string
  }[]
}

const cases = vectors<readonly Vector[]>('route-generation')
const adapters = new Map(await Promise.all(cases.map(async ({ schema_type: type }) => [type, await adapterOf(type)] as const)))

test.each(cases.filter(({ schema_type: type }) => adapters.get(type) !== documentAdapter))('vector $name', (vector) => {
  const adapter = adapters.get(vector.schema_type)!
  const endpoint = vector.endpoints_graphql === '' ? undefined : vector.endpoints_graphql
  const document = adapter.check(vector.schema, LIMITS)
  const made = adapter.adapt(document, { limits: LIMITS, metadata: {}, endpoint }).operations.map((operation) => {
    const mount = { prefix: operation.isFixed ? '' : '/user-service' }
    const path = mountPath(mount, operation.path)
    const to = upstreamPath({ prefix: mount.prefix, stripPrefix: undefined, serverPrefix: operation.serverPrefix }, path)
    return `${operation.method} ${path} ${to}${operation.protocol === 'websocket' ? ' websocket' : ''}`
  })
  const expected = vector.gateway_expected_with_service_mount
    // TRACE is never routed, whatever the document says.
    .filter(({ method }) => method !== 'TRACE')
    .map(({ method, path, upstream, upgrade }) => {
      const to = upstream === undefined || !upstream.includes('://') ? path.replace(/^\/user-service/, '') : new URL(upstream).pathname
      return `${method} ${path} ${to}${upgrade === undefined ? '' : ` ${upgrade}`}`
    })
  expect(made.sort()).toEqual(expected.sort())
})
