import { createHash } from 'node:crypto'
import { Validator } from '@seriousme/openapi-schema-validator'
import { expect } from 'vitest'

interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly responses: Readonly<Record<string, unknown>>
}
interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
interface Manifest {
  readonly service_name: string
  readonly checksum?: string
  readonly schemas: readonly {
    readonly hash?: string
    readonly inline_schema?: Document
    readonly location: { readonly type: string; readonly url?: string }
  }[]
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch']

async function readJson<T>(url: string): Promise<T> {
  const response = await fetch(url)
  expect(response.status, url).toBe(200)
  return (await response.json()) as T
}

/** FARP's text of a document: compact, members sorted. Independent of the examples' own. */
function farpText(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** Checks what a service publishes: a manifest, a valid OpenAPI 3.1 document with several tags, true checksums. Gives the document. */
export async function expectPublished(url: string, service: string): Promise<Document> {
  const manifest = await readJson<Manifest>(`${url}/_farp/manifest`)
  expect(manifest.service_name).toBe(service)
  const schema = manifest.schemas[0]!
  const document = schema.inline_schema ?? (await readJson<Document>(schema.location.url!))
  const result = await new Validator().validate(structuredClone(document) as never)
  expect(result.errors).toBeUndefined()
  expect(result.valid).toBe(true)
  expect(document.openapi).toMatch(/^3\.1\./)
  if (schema.hash !== undefined) {
    expect(schema.hash).toBe(sha256(farpText(document)))
    expect(manifest.checksum).toBe(sha256(schema.hash))
  }
  return document
}

/** Every documented operation is there: asked without a body, it answers with one of its documented statuses. */
export async function expectEveryOperation(url: string, document: Document, parameter: string): Promise<void> {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => ({ path, method, operation: item[method]! })),
  )
  expect(operations.length).toBeGreaterThan(2)
  expect(new Set(operations.flatMap(({ operation }) => operation.tags)).size).toBeGreaterThan(1)
  for (const { path, method, operation } of operations) {
    const response = await fetch(url + path.replace(/\{\w+\}/, parameter), { method: method.toUpperCase() })
    expect(Object.keys(operation.responses), `${method} ${path}`).toContain(String(response.status))
    await response.arrayBuffer()
  }
}
