import { describe, expect, it } from 'vitest'
import { patternOf } from './pattern.ts'
import { RouteTable } from './table.ts'
import type { CompiledRoute } from './compiled-route.ts'

const route = (path: string, host: string | null = null): CompiledRoute => ({ id: `${host ?? ''}${path}`, path, host }) as CompiledRoute

const add = (table: RouteTable, one: CompiledRoute, method: string | null): CompiledRoute | null => table.add(one, patternOf(one), method)

describe('RouteTable', () => {
  it('falls through to a wider host when the narrower one has no route for the path or method', () => {
    const table = new RouteTable()
    add(table, route('/only', 'a.example.com'), 'GET')
    add(table, route('/only', '*.example.com'), 'POST')
    add(table, route('/*'), null)
    expect(table.match('a.example.com', 'GET', '/only')!.route.host).toBe('a.example.com')
    expect(table.match('a.example.com', 'POST', '/only')!.route.host).toBe('*.example.com')
    expect(table.match('a.example.com', 'GET', '/else')!.route.host).toBeNull()
  })

  it('prefers the host over the path: a rest on the exact host wins over a literal on any host', () => {
    const table = new RouteTable()
    add(table, route('/a'), null)
    add(table, route('/*', 'a.test'), null)
    expect(table.match('a.test', 'GET', '/a')!.route.path).toBe('/*')
  })

  it('lists the methods of a path over all hosts that match, HEAD beside GET', () => {
    const table = new RouteTable()
    add(table, route('/a', 'x.test'), 'GET')
    add(table, route('/:id'), 'DELETE')
    add(table, route('/a', 'y.test'), 'PUT')
    expect(table.allowed('x.test', '/a')).toEqual(['DELETE', 'GET', 'HEAD'])
    expect(table.allowed('x.test', '/a/b')).toEqual([])
  })

  it('keeps __proto__ an ordinary parameter', () => {
    const table = new RouteTable()
    add(table, route('/{__proto__}/{constructor}'), null)
    const { params } = table.match('h', 'GET', '/evil/x')!
    expect(Object.getOwnPropertyNames(params)).toEqual(['__proto__', 'constructor'])
    expect(Object.getOwnPropertyDescriptor(params, '__proto__')!.value).toBe('evil')
    expect(['toString', 'hasOwnProperty', 'x'].filter((name) => name in params)).toEqual([])
    expect(Object.isFrozen(Object.getPrototypeOf(params))).toBe(true)
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  it('decodes parameters once and keeps an encoded slash inside', () => {
    const table = new RouteTable()
    add(table, route('/f/:name/*rest'), null)
    expect({ ...table.match('h', 'GET', '/f/a%2Fb%2541/c%20d/e')!.params }).toEqual({ name: 'a/b%41', rest: 'c d/e' })
  })
})
