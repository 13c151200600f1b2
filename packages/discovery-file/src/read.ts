import * as v from 'valibot'
import { parseDocument } from 'yaml'
import { readFile } from 'node:fs/promises'
import type { ServiceInstance, ServiceSet } from '@octopus-gateway/core'

const service = v.strictObject({
  name: v.pipe(v.string(), v.nonEmpty()),
  address: v.pipe(v.string(), v.nonEmpty()),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  id: v.optional(v.pipe(v.string(), v.nonEmpty())),
  secure: v.optional(v.boolean(), false),
  ready: v.optional(v.boolean(), true),
  weight: v.optional(v.pipe(v.number(), v.minValue(0)), 1),
  zone: v.optional(v.string()),
  version: v.optional(v.string()),
  metadata: v.optional(v.record(v.string(), v.string()), {}),
})

const contents = v.union([
  v.array(service),
  v.pipe(
    v.strictObject({ services: v.array(service) }),
    v.transform(({ services }) => services),
  ),
])

/** What a file says: its text and the instances that it lists, in its order; or why it says nothing, with the place and what to do. */
export type Found = { readonly text: string; readonly services: ServiceSet } | { readonly problem: string }

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file; check path, or write it'],
  ['EACCES', 'the gateway may not read it; check its permissions and those of its folders'],
  ['EISDIR', 'it is a folder; name a file in it'],
])

/** Reads a file. */
export async function read(path: string): Promise<Found> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code === undefined) throw thrown
    const remedy = REMEDIES.get(code)
    return { problem: `${path} cannot be read (${code})${remedy === undefined ? '' : `: ${remedy}`}.` }
  }
  const services = servicesIn(text)
  return typeof services === 'string' ? { problem: `${path}: ${services}` } : { text, services }
}

/** The instances, or the problem. */
function servicesIn(text: string): ServiceSet | string {
  const document = parseDocument(text, { version: '1.2', schema: 'core', logLevel: 'silent' })
  const error = document.errors[0]
  if (error !== undefined) return error.message.split('\n')[0]!
  const value = valueOf(document)
  if (value instanceof ReferenceError) return value.message
  // An empty file says "nothing", and so does one that is being written: only a list says that there are no services.
  if (value === null) return 'the file is empty; write [] where there are no services'
  const result = v.safeParse(contents, value)
  return result.success ? result.output.map(instanceOf) : problemsOf(value).slice(0, 3).join('; ')
}

/** What aliases lead to nothing, or to too much, is a `ReferenceError`. */
function valueOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (thrown) {
    if (!(thrown instanceof ReferenceError)) throw thrown
    return thrown
  }
}

/** Said of the form that was meant: a union would only say that neither fits. */
function problemsOf(value: unknown): string[] {
  const isList = Array.isArray(value)
  const result = v.safeParse(isList ? v.array(service) : v.strictObject({ services: v.array(service) }), value)
  return (result.issues ?? []).map((issue) => `${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`)
}

function instanceOf({ name, address, id, ...rest }: v.InferOutput<typeof service>): ServiceInstance {
  const { zone, version, ...plain } = rest
  return {
    ...plain,
    id: id ?? `${name}@${address}:${rest.port}`,
    service: name,
    host: address.replace(/^\[(.*)\]$/, '$1'),
    ...(zone === undefined ? {} : { zone }),
    ...(version === undefined ? {} : { version }),
  }
}
