import fc from 'fast-check'
import { createGateway, staticDiscovery } from '@octopus-gateway/core'
import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { farp } from '@octopus-gateway/farp'
import { measureQuery } from '@octopus-gateway/core/plugins'
import { parse, print } from 'graphql'
import { serve } from '@octopus-gateway/node'
import { startFarpService } from '@octopus-gateway/testing'
import type { FragmentDefinitionNode, SelectionSetNode } from 'graphql'

/** The same by the library that everybody uses, and by recursion. */
function reference(text: string): { depth: number; fields: number } {
  const { definitions } = parse(text)
  const fragments = new Map(
    definitions.filter((one): one is FragmentDefinitionNode => one.kind === 'FragmentDefinition').map((one) => [one.name.value, one]),
  )
  const measure = (set: SelectionSetNode): { depth: number; fields: number } => {
    let [depth, fields] = [0, 0]
    for (const one of set.selections) {
      const inner =
        one.kind === 'FragmentSpread' ? fragments.get(one.name.value)?.selectionSet : (one.selectionSet as SelectionSetNode | undefined)
      const size = inner === undefined ? { depth: 0, fields: 0 } : measure(inner)
      const own = one.kind === 'Field' ? 1 : 0
      depth = Math.max(depth, own + size.depth)
      fields += own + size.fields
    }
    return { depth, fields }
  }
  const sizes = definitions.flatMap((one) => (one.kind === 'OperationDefinition' ? [measure(one.selectionSet)] : []))
  return { depth: Math.max(...sizes.map(({ depth }) => depth)), fields: Math.max(...sizes.map(({ fields }) => fields)) }
}

const name = fc.constantFrom('a', 'query', 'fragment', 'on_', 'mutation', '_x1', 'true')
const value = fc.constantFrom(
  '1',
  '-2.5e3',
  '"}{)"',
  '"\\"{"',
  '"""block } \\""" {"""',
  '{ a: {b: "("} }',
  '[1, {x: $v}]',
  'null',
  'ENUM',
  '$v',
)
const args = fc
  .array(fc.tuple(name, value), { maxLength: 2 })
  .map((list) => (list.length === 0 ? '' : `(${list.map(([key, one]) => `${key}: ${one}`).join(', ')})`))
const directive = fc.constantFrom('', ' @skip(if: $v)', ' @a @b(c: "{")')
const { set } = fc.letrec<{ set: string; item: string }>((tie) => ({
  set: fc.array(tie('item'), { minLength: 1, maxLength: 3 }).map((items) => `{ ${items.join(' # } {\n,')} }`),
  item: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.tuple(fc.constantFrom('', 'alias: '), name, args, directive).map((parts) => parts.join('')),
    fc.tuple(name, args, directive, tie('set')).map((parts) => parts.join('')),
    fc.tuple(fc.constantFrom('...', '... on T', '... @include(if: true)'), tie('set')).map((parts) => parts.join(' ')),
    fc.constantFrom('...f0', '...f1 @d', '...nobody'),
  ),
}))
const documents = fc.tuple(set, set, set, fc.constantFrom('', 'query Q($v: I = {a: {b: 1}}, $w: [T!]!) @d(x: "{") ', 'mutation ')).map(
  ([
    main,
    first,
    second,
    head,
  ]) => `${head}${main} fragment f1 on T ${first.replaceAll('...f1', '...nobody').replaceAll('...f0', '...nobody')}
    fragment f0 on T @d ${second.replaceAll('...f0', '...f1')}`,
)

test('queries are as deep and as large as the reference library finds them, however they are written', () => {
  let seen = 0
  fc.assert(
    fc.property(documents, (text) => {
      seen += 1
      const wanted = reference(text)
      expect(measureQuery(text)).toEqual(wanted)
      expect(measureQuery(print(parse(text)))).toEqual(wanted)
    }),
    { numRuns: 300 },
  )
  expect(seen).toBeGreaterThan(100)
})

test('what is hostile is measured in no time, or not at all', () => {
  const wide = (text: string): string => text.repeat(Math.floor(1_000_000 / text.length))
  for (const text of [
    wide('{'),
    wide('{a'),
    wide('"""'),
    wide('\\"""'),
    `{a(b: ${wide('"""x\\"""')}`,
    wide('#'),
    wide('"'),
    wide('(['),
    `{${wide('...a ')}`,
    '',
    '}',
    'type T { a: Int }',
    '{ a } }',
    '{ a: }',
    '{ ...f } fragment f on T { ...f }',
    '{ ...a } fragment a on T { ...b } fragment b on T { x ...a }',
    '{ a } fragment f on T { a } fragment f on T { b }',
  ])
    expect(measureQuery(text), text.slice(0, 40)).toBeUndefined()
  // Doubles with each fragment: told at once, without being spelled out.
  const doubling = Array.from({ length: 500 }, (_, i) => `fragment f${i} on T { ...f${i + 1} ...f${i + 1} x }`).join(' ')
  expect(measureQuery(`{ ...f0 } ${doubling}`)!.fields).toBeGreaterThan(1e100)
  expect(measureQuery(`{ ${wide('a ')} }`)!.fields).toBeGreaterThan(400_000)
})

test('limits that a GraphQL service declares hold at the gateway, by GET and POST, and what passes arrives whole', async () => {
  const bodies: string[] = []
  const schema = 'type Query { user: User } type User { name: String friends: [User] }'
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      bodies.push(`${request.method} ${request.url} ${body}`)
      response.end('{"data":{}}')
    })
  })
  await using service = await startFarpService({
    name: 'people',
    manifest: {
      schemas: [
        {
          type: 'graphql',
          spec_version: '2021',
          location: { type: 'inline' },
          inline_schema: { format: 'SDL', sdl: schema },
          metadata: { graphql: { depth_limit: 2, complexity_limit: 4 } },
        },
      ],
    },
    openapi: { openapi: '3.1.0', info: { title: 'People', version: '1' }, paths: { '/graphql': { get: {}, post: {} } } },
    handler: (request, response) => void server.emit('request', request, response),
  })
  const discovery = [staticDiscovery([{ name: 'people', address: '127.0.0.1', port: service.port }])]
  await using gateway = createGateway({ discovery, sources: [farp()] })
  await gateway.synced
  const listener = await serve(gateway, { port: 0, host: '127.0.0.1' })
  onTestFinished(() => listener.close({ grace: 0 }))
  const url = `${listener.url}/people/graphql`
  const post = async (body: string, type = 'application/json'): Promise<[number, string | undefined]> => {
    const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': type } })
    const text = await response.text()
    return [response.status, response.status === 200 ? undefined : (JSON.parse(text) as { code: string }).code]
  }
  const json = (query: string): string => JSON.stringify({ query })
  expect(await post(json('{ user { name } }'))).toEqual([200, undefined])
  expect(bodies).toEqual([`POST /graphql ${json('{ user { name } }')}`])
  expect(await post(json('{ user { friends { name } } }'))).toEqual([400, 'QUERY_TOO_LARGE'])
  expect(await post(json('{ a b c d e }'))).toEqual([400, 'QUERY_TOO_LARGE'])
  expect(await post(`[${json('{ a }')},${json('{ ...f } fragment f on Query { user { friends { name } } }')}]`)).toEqual([
    400,
    'QUERY_TOO_LARGE',
  ])
  expect(await post('{ user { friends { name } } }', 'application/graphql')).toEqual([400, 'QUERY_TOO_LARGE'])
  expect(await post(json('not { a query'))).toEqual([400, 'BAD_REQUEST'])
  expect(await post('{"query":')).toEqual([400, 'BAD_REQUEST'])
  expect(await post('--x', 'multipart/form-data; boundary=x')).toEqual([400, 'BAD_REQUEST'])
  expect(await post(json(`{ ${'a '.repeat(600_000)} }`))).toEqual([413, 'BODY_TOO_LARGE'])
  expect((await fetch(`${url}?query=${encodeURIComponent('{ user { name } }')}`)).status).toBe(200)
  expect((await fetch(`${url}?query=${encodeURIComponent('{ user { friends { name } } }')}`)).status).toBe(400)
  expect(bodies).toHaveLength(2)
})
