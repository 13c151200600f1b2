import type { Composition } from '../manifest/manifest.ts'
import type { DocumentKind } from '@octopus-gateway/core'
import type { JsonObject } from '../json.ts'

/** One operation of a document, where the gateway really has it. */
export interface RoutedOperation {
  /** Upper case. */
  readonly method: string
  /** As the document has it. */
  readonly path: string
  /** As clients call it. */
  readonly mounted: string
  /** The mounted path with parameter names left out. */
  readonly key: string
  /** With the `subdomain` strategy. */
  readonly host: string | undefined
  /** The document's own name for it. */
  readonly operationId?: string | undefined
  /** What flows; `rest` when it is not said. */
  readonly protocol?: 'rest' | 'grpc' | 'graphql' | 'websocket' | 'sse'
}

/** One service's document (one version of it) for the federated one. */
export interface FederatedService {
  /** Changes when anything here changes. */
  readonly id: string
  /** The language of the document. */
  readonly kind: DocumentKind
  /** The name by which components, tags and operation ids are prefixed. */
  readonly name: string
  readonly version: string
  /** Whether another version of the service has a document of its own. */
  readonly hasSiblings: boolean
  /** Decides between documents that claim one route, as it does between routes. */
  readonly priority: number
  /** The document's hash. */
  readonly hash: string
  readonly document: JsonObject
  /** What the descriptor says of the protocol, by language. */
  readonly metadata: JsonObject
  readonly composition: Composition | undefined
  /** Whether the service's own metadata asks for one tag (`farp.collapse_service_tags`). */
  readonly collapsesTags: boolean
  /** Only what is really routed. Made when asked for. */
  readonly operations: () => readonly RoutedOperation[]
}
