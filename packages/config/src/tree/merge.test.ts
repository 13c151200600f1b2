import { codes, load, valid } from '../testing/files.ts'
import { describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import { mergeNodes } from './merge.ts'
import { readYaml } from './read.ts'
import { toValue } from './value.ts'
import type { MapNode } from './node.ts'

const A = 'upstreams:\n  - { name: a, retries: 1, instances: [{ address: a, port: 1 }, { address: a, port: 2 }] }\n'

describe('layers', () => {
  test('maps merge deeply, a layer need not be complete, the last one wins', async () => {
    const config = await valid({
      '1.yaml': 'server: { http_port: 1, timeouts: { idle: 1s } }',
      '2.yaml': 'server: { timeouts: { header: 2s } }',
      '3.yaml': 'server: { http_port: 3 }',
    })
    expect(config.server).toMatchObject({ port: 3, timeouts: { idle: 1000, header: 2000 } })
    expect(config.files).toHaveLength(3)
  })

  test('upstreams merge by name, and their instances are replaced', async () => {
    const config = await valid({
      '1.yaml': A,
      '2.yaml': 'upstreams:\n  - { name: b, instances: [{ address: b, port: 1 }] }\n  - { name: a, instances: [{ address: c, port: 3 }] }',
    })
    expect(Object.keys(config.gateway.upstreams!)).toEqual(['a', 'b'])
    expect(config.gateway.upstreams!.a).toMatchObject({ retries: 1, endpoints: [{ origin: 'http://c:3' }] })
  })

  test('routes merge by host, path and methods', async () => {
    const config = await valid({
      '1.yaml': `${A}routes:\n  - { path: /a, upstream: a, methods: [PUT, GET], priority: 1 }\n  - { path: /a, upstream: a }\n`,
      '2.yaml': 'routes:\n  - { path: /a, methods: [get, put], timeout: 1s }\n  - { path: /a, host: x.example, upstream: a }\n',
    })
    expect(config.gateway.routes?.map(({ path, host, priority, timeout }) => [path, host, priority, timeout])).toEqual([
      ['/a', undefined, 1, 1000],
      ['/a', undefined, 50, undefined],
      ['/a', 'x.example', 50, undefined],
    ])
  })

  test('all instances of a static service are replaced by those of a later layer; others stay', async () => {
    const services = (text: string): string => `discovery: { backend: static, static: { services: [${text}] } }`
    const config = await valid({
      '1.yaml': services('{ name: a, address: h, port: 1 }, { name: b, address: h, port: 2 }, { name: a, address: h, port: 3 }'),
      '2.yaml': services('{ name: a, address: h, port: 4 }, { name: a, address: h, port: 5 }'),
    })
    const identity = config.gateway.discovery![0]!.identity as { name: string; port: number }[]
    expect(identity.map(({ name, port }) => `${name}:${port}`)).toEqual(['b:2', 'a:4', 'a:5'])
  })

  test('other lists are replaced', async () => {
    const config = await valid({
      '1.yaml': 'server: { trusted_proxies: [10.0.0.1, 10.0.0.2] }',
      '2.yaml': 'server: { trusted_proxies: [10.0.0.3] }',
    })
    expect(config.gateway.trustedProxies).toEqual(['10.0.0.3/32'])
  })

  test('the same name twice in one file stays an error', async () => {
    expect(await codes({ '1.yaml': A, '2.yaml': A + A.split('\n')[1]! })).toEqual(['duplicate_name upstreams[1].name'])
  })

  test('an empty block of a later layer takes nothing away', async () => {
    expect((await valid({ '1.yaml': A, '2.yaml': 'upstreams:\nserver:\n' })).gateway.upstreams).toHaveProperty('a')
  })

  test('the whole is validated, and each issue names the file it came from', async () => {
    const { issues } = await load({ '1.yaml': 'server: { http_port: x }', '2.yaml': 'routing: { retries: x }\nserver: { host: ok }' })
    expect(issues.map((issue) => issue.source)).toEqual(['1.yaml:1:11', '2.yaml:1:12'])
  })

  test('a directory is its YAML files by name; one without any is an error, and so is a path that is not there', async () => {
    const files = { 'd/b.yml': 'server: { http_port: 2 }', 'd/a.yaml': 'server: { http_port: 1 }', 'd/c.txt': 'x', 'e/x.txt': '' }
    expect((await valid(files, { paths: ['d'] })).server.port).toBe(2)
    const { issues } = await load(files, { paths: ['e', 'nowhere'] })
    expect(issues.map((issue) => [issue.source, issue.message])).toEqual([
      ['e', expect.stringContaining('holds no .yaml')],
      ['nowhere', expect.stringContaining('no such file')],
    ])
  })
})

describe('properties', () => {
  // A key is a value or a map in every layer: what happens where layers disagree about that is a matter of order.
  const { tree } = fc.letrec<{ tree: Readonly<Record<string, unknown>> }>((tie) => ({
    tree: fc.record(
      {
        a: fc.integer(),
        b: fc.array(fc.integer(), { maxLength: 3 }),
        c: fc.option(tie('tree'), { nil: {}, maxDepth: 3 }),
        d: fc.option(tie('tree'), { nil: {}, maxDepth: 2 }),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
  }))
  const read = (value: unknown): MapNode => readYaml(JSON.stringify(value), { file: 'x', env: {} }).root!
  const merge = (...layers: unknown[]): unknown =>
    toValue(
      layers.map(read).reduce((base, top) => mergeNodes(base, top) as MapNode),
      undefined,
    )

  test('laying a layer over itself changes nothing', () => {
    fc.assert(
      fc.property(tree, (a) => {
        expect(merge(a, a)).toEqual(a)
      }),
    )
  })

  test('it does not matter which neighbours are merged first', () => {
    fc.assert(
      fc.property(tree, tree, tree, (a, b, c) => {
        expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)))
      }),
    )
  })

  test('what the last layer says holds, and what only the first says stays', () => {
    fc.assert(
      fc.property(tree, tree, (a, b) => {
        const merged = merge(a, b) as Record<string, unknown>
        expect(Object.keys(merged).sort()).toEqual([...new Set([...Object.keys(a), ...Object.keys(b)])].sort())
        for (const [name, value] of Object.entries(b))
          if (typeof value !== 'object' || Array.isArray(value)) expect(merged[name]).toEqual(value)
      }),
    )
  })
})
