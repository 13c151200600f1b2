import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePattern } from './pattern.ts'
import { RouteTable } from './table.ts'
import type { OwnedRewrite } from './mount-rewrites.ts'
import type { RewrittenPath } from './path-rules.ts'
import type { CompiledRoute } from './compiled-route.ts'

const V1 = [{ pattern: '^/v1/(.*)$', replacement: '/$1' }]

function tableOf(rewrites: readonly Partial<OwnedRewrite>[], routes: readonly string[]): RouteTable {
  const table = new RouteTable(rewrites.map((one) => ({ prefix: '/users', rules: V1, source: 'farp', service: 'users', ...one })))
  for (const line of routes) {
    const [service, method, at] = line.split(' ') as [string, string, string]
    const [host, path] = at.startsWith('/') ? [null, at] : [at.slice(0, at.indexOf('/')), at.slice(at.indexOf('/'))]
    const owner = service === 'config' ? { source: 'config', service: null } : { source: 'farp', service }
    table.add({ id: line, host, ...owner } as CompiledRoute, parsePattern(path), method)
  }
  return table
}

const meant = (table: RouteTable, path: string, { host = '', method = 'GET' } = {}): string | null => {
  const result: RewrittenPath = table.meant(host, method, path)
  return typeof result === 'string' ? result : (result?.path ?? null)
}

describe('MountRewrites', () => {
  it('gives the path below the mount that is meant, where the service has a route', () => {
    const table = tableOf([{}], ['users GET /users/people', 'users GET /users/v1/old', 'users GET /users/old'])
    expect(meant(table, '/users/v1/people')).toBe('/users/people')
    expect(meant(table, '/%75sers/v1/people')).toBe('/users/people')
    expect(meant(table, '/users/people')).toBeNull()
    expect(meant(table, '/users/v1/nobody')).toBeNull()
    expect(meant(table, '/usersx/v1/people')).toBeNull()
    expect(meant(table, '/v1/people')).toBeNull()
    // A path that the service has itself is rewritten all the same: rules come first.
    expect(meant(table, '/users/v1/old')).toBe('/users/old')
    // Another method of the path that is meant: the answer is 405, not 404.
    expect(meant(table, '/users/v1/people', { method: 'POST' })).toBe('/users/people')
  })

  it('the mount itself is /, and a root mount has all paths below it', () => {
    const rules = [{ pattern: '^/$', replacement: '/home' }]
    expect(meant(tableOf([{ rules }], ['users GET /users/home']), '/users')).toBe('/users/home')
    expect(meant(tableOf([{ rules, prefix: '' }], ['users GET /home']), '/')).toBe('/home')
  })

  it("[R38] neither takes a path from others nor leads to others' routes", () => {
    const all = [{ pattern: '^/(.*)$', replacement: '/admin/$1' }]
    const table = tableOf(
      [{ prefix: '/api', rules: all }],
      ['other GET /api/things', 'config GET /api/written', 'other GET /api/admin/x', 'config GET /api/admin/y', 'users GET /api/admin/z'],
    )
    for (const path of ['/api/things', '/api/written', '/api/x', '/api/y']) expect(meant(table, path), path).toBeNull()
    expect(meant(table, '/api/z')).toBe('/api/admin/z')
  })

  it('follows the host, and asks everybody at a mount', () => {
    const table = tableOf(
      [
        { host: 'users.*', prefix: '' },
        { prefix: '/api' },
        { prefix: '/api', service: 'b', rules: [{ pattern: '^/v1/b', replacement: '/b' }] },
      ],
      ['users GET users.*/people', 'users GET /people', 'b GET /api/b'],
    )
    expect(meant(table, '/v1/people', { host: 'users.example.com' })).toBe('/people')
    expect(meant(table, '/v1/people', { host: 'example.com' })).toBeNull()
    expect(meant(table, '/api/v1/b')).toBe('/api/b')
  })

  it('[R38] property: whatever the rules, the result is below the mount and led to a route of the service', () => {
    const piece = fc.constantFrom('/', '.', '..', '%2e', '%2f', 'a', 'secret', '$1', '$2', '$$', '\\', '//', '%5c', ';')
    const replacement = fc.array(piece, { maxLength: 6 }).map((list) => list.join(''))
    const path = fc
      .array(fc.constantFrom('a', 'secret', '.a', '%2e%2e', '%2F', 'v1'), { maxLength: 4 })
      .map((list) => `/users/${list.join('/')}`)
    fc.assert(
      fc.property(replacement, path, (text, sent) => {
        let table: RouteTable
        try {
          table = tableOf(
            [{ rules: [{ pattern: '^/([^/]*)(.*)$', replacement: text }] }],
            ['users GET /users/*', 'config GET /secret', 'other GET /a/*'],
          )
        } catch {
          // A replacement that is refused when it is read does no harm.
          return
        }
        const result = meant(table, sent)
        if (result === null || result === 'refused') return
        expect(result.startsWith('/users/')).toBe(true)
        expect(decodeURIComponent(result)).not.toMatch(/\/\.\.?(\/|$|;)|\/\/|\\/)
      }),
      { numRuns: 500 },
    )
  })
})
