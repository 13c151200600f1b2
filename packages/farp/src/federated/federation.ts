import { mergeAsyncApi } from '../merge/asyncapi/merge.ts'
import { mergeGraphql } from '../merge/graphql/merge.ts'
import { mergeGrpc } from '../merge/grpc/merge.ts'
import { mergeOpenApi } from '../merge/openapi/merge.ts'
import { mergeOrpc } from '../merge/orpc.ts'
import type { DocumentKind } from '@octopus-gateway/core'
import type { Exclusion, Merged, MergeOptions } from '../merge/merged.ts'
import type { FederatedService } from '../merge/input.ts'

/** What is merged: the documents that are routed now, and the services whose documents could not be had. */
export interface Material {
  readonly documents: readonly FederatedService[]
  readonly unreadable: readonly (Exclusion & { readonly kind: DocumentKind })[]
}

/** A merged document, as it was built. */
export interface Built {
  readonly merged: Merged
  readonly builtAt: Date
}

type Merge = (services: readonly FederatedService[], options: MergeOptions) => Merged | Promise<Merged>

const MERGERS: ReadonlyMap<DocumentKind, Merge> = new Map<DocumentKind, Merge>([
  ['openapi', mergeOpenApi],
  ['asyncapi', mergeAsyncApi],
  ['grpc', mergeGrpc],
  ['orpc', mergeOrpc],
  ['graphql', mergeGraphql],
])

/** The languages that are merged. */
export const MERGED_KINDS: readonly DocumentKind[] = [...MERGERS.keys()]

interface Kept {
  readonly documents: readonly FederatedService[]
  readonly refusals: string
  readonly built: Promise<Built>
}

/** Merged documents, each built when it is asked for and what it is made of has changed. */
export class Federation {
  readonly #material: () => Material
  readonly #options: MergeOptions
  readonly #kept = new Map<DocumentKind, Kept>()

  constructor(material: () => Material, options: MergeOptions) {
    this.#material = material
    this.#options = options
  }

  /** `undefined` when there is nothing of this kind. Rejects when merging fails, and tries again the next time. */
  async of(kind: DocumentKind): Promise<Built | undefined> {
    const merge = MERGERS.get(kind)
    const material = this.#material()
    const documents = material.documents.filter((document) => document.kind === kind)
    if (merge === undefined || documents.length === 0) {
      this.#kept.delete(kind)
      return undefined
    }
    const unreadable = material.unreadable.filter((one) => one.kind === kind).map(({ service, reason }) => ({ service, reason }))
    const refusals = JSON.stringify(unreadable)
    const known = this.#kept.get(kind)
    if (known !== undefined && known.refusals === refusals && sameItems(known.documents, documents)) return known.built
    const built = (async () => ({ merged: await merge(documents, { ...this.#options, unreadable }), builtAt: new Date() }))()
    const kept = { documents, refusals, built }
    this.#kept.set(kind, kept)
    built.catch(() => {
      if (this.#kept.get(kind) === kept) this.#kept.delete(kind)
    })
    return built
  }
}

/** A service's document is a new object whenever anything about it changes. */
function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}
