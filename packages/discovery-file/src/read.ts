import * as v from 'valibot'
import { parseDocument } from 'yaml'
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

/** The instances that a file lists, in its order. Throws an `Error` that names place and problem. */
export function readServices(text: string, path: string): ServiceSet {
  const document = parseDocument(text, { version: '1.2', schema: 'core', logLevel: 'silent' })
  const error = document.errors[0]
  if (error !== undefined) throw new Error(`${path}: ${error.message.split('\n')[0]}`)
  const value: unknown = document.toJS({ maxAliasCount: 100 })
  // An empty file says "nothing", and so does one that is being written: only a list says that there are no services.
  if (value === null) throw new Error(`${path}: the file is empty; write [] where there are no services`)
  const result = v.safeParse(contents, value)
  if (!result.success) throw new Error(`${path}: ${problemsOf(value).slice(0, 3).join('; ')}`)
  return result.output.map(instanceOf)
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
