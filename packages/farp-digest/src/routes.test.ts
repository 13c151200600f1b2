import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { routesChecksum } from './routes.ts'
import { sha256 } from './sha256.ts'
import type { RoutedPath, RoutesAccount } from './routes.ts'

interface Vector {
  readonly name: string
  readonly routing: RoutesAccount['routing'] & { readonly rewrite: RoutesAccount['routing']['rewrite'] | null }
  readonly route_table: readonly RoutedPath[]
  readonly endpoints: RoutesAccount['endpoints']
  readonly canonical_json: string
  readonly expected_routes_checksum: string
  readonly expected_if_null_rewrite_written_as_empty_array: string
}

const vectors = JSON.parse(readFileSync(new URL('../../farp/vectors/routes-checksum.json', import.meta.url), 'utf8')) as Vector[]

describe('vectors', () => {
  test.each(vectors)('$name', ({ routing, route_table: routes, endpoints, expected_routes_checksum: expected, ...vector }) => {
    const { rewrite, ...rest } = routing
    expect(routesChecksum({ routing: { ...rest, ...(rewrite === null ? {} : { rewrite }) }, routes, endpoints })).toBe(expected)
    expect(sha256(vector.canonical_json)).toBe(expected)
    const withList = routesChecksum({ routing: { ...rest, rewrite: rewrite ?? [] }, routes, endpoints })
    expect(withList).toBe(vector.expected_if_null_rewrite_written_as_empty_array)
  })
})

const route = fc.record({
  path: fc.string().map((text) => `/${text}`),
  methods: fc.uniqueArray(fc.constantFrom('GET', 'POST', 'PUT')),
  protocol: fc.constantFrom('rest', 'websocket'),
})

test('the order of routes and of methods does not count, everything else does', () => {
  const of = (routes: readonly RoutedPath[]): string => routesChecksum({ routing: { strategy: 'service' }, routes, endpoints: {} })
  const unique = fc.uniqueArray(route, { minLength: 1, selector: ({ path, protocol }) => `${path} ${protocol}` })
  fc.assert(
    fc.property(unique, (routes) => {
      const mixed = routes.map((one) => ({ ...one, methods: one.methods.toReversed() })).toReversed()
      expect(of(mixed)).toBe(of(routes))
      expect(of(routes.slice(1))).not.toBe(of(routes))
      expect(of([{ ...routes[0]!, path: `${routes[0]!.path}/` }, ...routes.slice(1)])).not.toBe(of(routes))
    }),
  )
})
