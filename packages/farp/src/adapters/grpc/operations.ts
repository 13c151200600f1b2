import { capped, skipped } from '../notes.ts'
import { isGrpcPath } from '../grpc-path.ts'
import { finding } from '../../findings.ts'
import { isObject, own, ownList, ownObject, ownText, table } from '../../json.ts'
import { SchemaError } from '../../schemas/parse.ts'
import type { AdaptedSchema, AdapterContext, SchemaOperation } from '../adapter.ts'
import type { Finding } from '@octopus-gateway/core'
import type { JsonObject } from '../../json.ts'

/** Services by which a server describes itself: they are for the gateway, not for its clients. */
export function isInternalService(name: string): boolean {
  return name.startsWith('grpc.reflection.') || name.startsWith('grpc.health.')
}

interface Service {
  readonly name: string
  readonly deprecated: boolean
  readonly methods: readonly JsonObject[]
}

/** One operation per method of every service in a FileDescriptorSet. */
export function grpcOperations(document: JsonObject, { limits, metadata }: AdapterContext): AdaptedSchema {
  const findings: Finding[] = []
  const isWanted = wantedBy(metadata)
  const services = servicesOf(document).filter(({ name }) => !isInternalService(name) && isWanted(name))
  const count = services.reduce((sum, { methods }) => sum + methods.length, 0)
  if (services.length > limits.paths) throw new SchemaError(`it has ${services.length} services; the limit is ${limits.paths}`)
  if (count > limits.operations) throw new SchemaError(`it has ${count} methods; the limit is ${limits.operations}`)
  const web = webOf(metadata)
  const operations = new Map<string, SchemaOperation>()
  for (const service of services) {
    for (const method of service.methods) {
      const name = ownText(method, 'name') ?? ''
      const path = `/${service.name}/${name}`
      if (!isGrpcPath(path)) findings.push(skipped(path, 'it is no name of a gRPC method'))
      else if (!operations.has(path)) operations.set(path, operationOf(service, method, { path, web }))
    }
  }
  if (web !== undefined)
    findings.push(
      finding('NOT_SUPPORTED_YET', `metadata.grpc asks for ${web}; the gateway passes it on as it is and does not translate it`),
    )
  return { operations: [...operations.values()], findings: capped(findings) }
}

function servicesOf(document: JsonObject): Service[] {
  return ownList(document, 'file').flatMap((file) => {
    if (!isObject(file)) return []
    const scope = ownText(file, 'package') ?? ''
    return ownList(file, 'service').flatMap((service) => {
      if (!isObject(service)) return []
      const name = ownText(service, 'name') ?? ''
      return [
        {
          name: scope === '' ? name : `${scope}.${name}`,
          deprecated: isDeprecated(service),
          methods: ownList(service, 'method').filter(isObject),
        },
      ]
    })
  })
}

function operationOf(
  service: Service,
  method: JsonObject,
  { path, web }: { readonly path: string; readonly web: string | undefined },
): SchemaOperation {
  const name = ownText(method, 'name')!
  return {
    path,
    pattern: path,
    key: path,
    method: 'POST',
    protocol: 'grpc',
    isFixed: true,
    serverPrefix: '',
    operationId: `${service.name}.${name}`,
    summary: undefined,
    tags: [],
    deprecated: service.deprecated || isDeprecated(method),
    security: undefined,
    extensions: table([
      [
        'x-grpc',
        {
          service: service.name,
          method: name,
          clientStreaming: own(method, 'clientStreaming') === true,
          serverStreaming: own(method, 'serverStreaming') === true,
          ...(web === undefined ? {} : { web }),
        },
      ],
    ]),
  }
}

function isDeprecated(owner: JsonObject): boolean {
  const options = ownObject(owner, 'options')
  return options !== undefined && own(options, 'deprecated') === true
}

/** `metadata.grpc.services` and `.packages` narrow what is routed; an empty list is what a peer written in Go says for "all". */
function wantedBy(metadata: JsonObject): (name: string) => boolean {
  const services = textsOf(metadata, 'services')
  const packages = textsOf(metadata, 'packages')
  return (name) => {
    const [scope, simple] = splitName(name)
    const isService = services.size === 0 || services.has(name) || services.has(simple)
    return isService && (packages.size === 0 || packages.has(scope))
  }
}

function splitName(name: string): readonly [string, string] {
  const dot = name.lastIndexOf('.')
  return [name.slice(0, Math.max(0, dot)), name.slice(dot + 1)]
}

function textsOf(metadata: JsonObject, name: string): ReadonlySet<string> {
  return new Set(ownList(metadata, name).filter((item): item is string => typeof item === 'string' && item !== ''))
}

function webOf(metadata: JsonObject): string | undefined {
  if (own(metadata, 'grpc_web_enabled') !== true) return undefined
  return ownText(metadata, 'grpc_web_protocol') === 'grpc-web-text' ? 'grpc-web-text' : 'grpc-web'
}
