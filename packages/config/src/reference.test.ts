import { expect, test } from 'vitest'
import { configJsonSchema } from './json-schema.ts'
import { configReference } from './reference.ts'
import { configSchema } from './schema/root.ts'
import { knownKeys, unwrap, docOf, type AnySchema } from './schema/walk.ts'
import { load } from './testing/files.ts'
import { plainPlugin } from './testing/modules.ts'
import { testCertificates } from '@octopus-gateway/testing'
import { readFileSync } from 'node:fs'

const FILE = new URL('../../../docs/configuration.md', import.meta.url)
const docs = readFileSync(FILE, 'utf8')
const keys = [...knownKeys(configSchema as unknown as AnySchema)]

/** The document with the tables as they would be made now. `vitest -u` writes them. */
function withTables(text: string): string {
  const { available, later } = configReference()
  const fill = (whole: string, name: string, table: string): string =>
    whole.replace(new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- /${name} -->)`), (_all, open: string, close: string) => open + table + close)
  return fill(fill(text, 'keys', available), 'later', later)
}

test('docs/configuration.md holds the tables that the schema makes', async () => {
  await expect(withTables(docs)).toMatchFileSnapshot(FILE.pathname)
})

test('[R31] every YAML example of the documentation loads', async () => {
  const examples = [...docs.matchAll(/```yaml\n([^]*?)```/g)].map((match) => match[1]!)
  expect(examples.length).toBeGreaterThanOrEqual(7)
  const env = { ADMIN_PASSWORD_HASH: `$2b$12$${'a'.repeat(53)}` }
  const { ca, server } = testCertificates()
  const beside = { 'cert.pem': server.cert, 'key.pem': server.key, 'ca.pem': ca, 'plugins/stamp.js': plainPlugin('stamp') }
  for (const example of examples) {
    const files = { 'octopus.yaml': example, ...beside }
    expect((await load(files, { paths: ['octopus.yaml'], host: { env } })).issues).toEqual([])
  }
})

test('every key says what it does', () => {
  for (const { path, schema } of keys) expect(docOf(schema)?.description, path).toMatch(/\S[.)]$/)
})

test('the JSON Schema knows every key, refuses others, and carries meaning and default', () => {
  const schema = configJsonSchema() as unknown as Shape
  for (const { path } of keys) expect(at(schema, path), path).toBeDefined()
  expect(schema.additionalProperties).toBe(false)
  expect(at(schema, 'server.http_port')).toMatchObject({ default: 8080, description: expect.stringContaining('traffic') as string })
  expect(at(schema, 'server.http_port')?.anyOf).toContainEqual({ type: 'integer', minimum: 0, maximum: 65_535 })
  expect(at(schema, 'routing.timeout')).toMatchObject({ default: '30s' })
  expect(at(schema, 'graphql')).toMatchObject({ not: {} })
  expect(at(schema, 'upstreams[]')?.items?.required).toEqual(['name'])
  expect(JSON.stringify(schema)).not.toContain('"risk"')
})

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>
  readonly items?: Shape
  readonly required?: readonly string[]
  readonly anyOf?: readonly unknown[]
  readonly additionalProperties?: boolean
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Shape>>
  readonly const?: unknown
}

function at(schema: Shape, path: string): Shape | undefined {
  return path.split('.').reduce<Shape | undefined>((shape, step) => {
    const [, key, name] = /^([^[]+)(?:\[(.*)\])?$/.exec(step)!
    const found = membersOf(schema, shape).find(({ properties }) => properties?.[key!] !== undefined)?.properties?.[key!]
    const named = name === undefined || name === '' ? [] : membersOf(schema, found)
    return name === undefined || name === '' ? found : named.find(({ properties }) => properties?.name?.const === name)
  }, schema)
}

/** What an item of a list, a definition or one of several shapes comes to. */
function membersOf(schema: Shape, shape: Shape | undefined): readonly Shape[] {
  if (shape === undefined) return []
  if (shape.items !== undefined) return membersOf(schema, shape.items)
  if (shape.$ref !== undefined) return membersOf(schema, schema.$defs![shape.$ref.split('/').at(-1)!])
  return shape.properties === undefined && shape.anyOf !== undefined
    ? (shape.anyOf as readonly Shape[]).flatMap((one) => membersOf(schema, one))
    : [shape]
}

test('every leaf has a kind', () => {
  for (const { path, schema, group } of keys) {
    const inner = unwrap(schema)
    if (!group) expect(inner.leaf ?? unwrap(inner.item!).leaf, path).toBeDefined()
  }
})
