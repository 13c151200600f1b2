import { own, ownObject, ownText } from '../json.ts'
import type { DocumentKind } from '@octopus-gateway/core'
import type { FederatedService, RoutedOperation } from '../merge/input.ts'
import type { JsonObject } from '../json.ts'

/** A service of a language in which tests say themselves what is routed. */
export function plainService(
  name: string,
  kind: DocumentKind,
  {
    document,
    operations = [],
    ...given
  }: { document: JsonObject; operations?: readonly RoutedOperation[] } & Partial<Omit<FederatedService, 'operations'>>,
): FederatedService {
  return {
    id: name + (given.version ?? ''),
    name,
    version: '1.0.0',
    kind,
    metadata: {},
    collapsesTags: false,
    hasSiblings: false,
    priority: 50,
    hash: 'x',
    composition: undefined,
    document,
    operations: () => operations,
    ...given,
  }
}

/** An oRPC service whose procedures are all routed below its name. */
export function orpcService(
  name: string,
  document: JsonObject,
  given: Partial<Omit<FederatedService, 'operations'>> & { prefix?: string } = {},
): FederatedService {
  const { prefix = `/${name}`, ...rest } = given
  const full = { orpc: '1.0.0', ...document }
  const operations = Object.entries(ownObject(full, 'procedures') ?? {}).map(([procedure, item]): RoutedOperation => {
    const path = `/rpc/${procedure}`
    const isStream = own(item as JsonObject, 'streaming') === true
    return {
      method: 'POST',
      path,
      mounted: prefix + path,
      key: prefix + path,
      host: undefined,
      operationId: procedure,
      protocol: isStream ? 'sse' : 'rest',
    }
  })
  return plainService(name, 'orpc', { document: full, operations, ...rest })
}

/** A gRPC service with its methods routed, as they always are, at their own paths. */
export function grpcService(
  name: string,
  files: readonly JsonObject[],
  given: Partial<Omit<FederatedService, 'operations'>> = {},
): FederatedService {
  const operations = files.flatMap((file) =>
    ((own(file, 'service') ?? []) as JsonObject[]).flatMap((service) =>
      ((own(service, 'method') ?? []) as JsonObject[]).map((method): RoutedOperation => {
        const scope = ownText(file, 'package') ?? ''
        const path = `/${scope === '' ? '' : `${scope}.`}${ownText(service, 'name')}/${ownText(method, 'name')}`
        return { method: 'POST', path, mounted: path, key: path, host: undefined, protocol: 'grpc' }
      }),
    ),
  )
  return plainService(name, 'grpc', { document: { file: files }, operations, ...given })
}
