import { AuthBook } from './book.ts'
import { mountPath, upstreamPath } from '../mount.ts'
import type { Guarded } from './declared.ts'
import type { Mount } from '../mount.ts'
import type { SchemaOperation } from '../adapters/adapter.ts'

export { AuthBook } from './book.ts'
export type { Pool, PoolAuth } from './book.ts'

/** An operation as its demands see it, once it is mounted. */
export function guardedOf(operation: SchemaOperation, mount: Mount, stripPrefix: boolean | undefined): Guarded {
  const { method, path, serverPrefix, security } = operation
  const { prefix } = mount
  const gatewayPath = mountPath(mount, path)
  return {
    method,
    // Where nothing can be said for certain, no grant fits.
    ownPath: upstreamPath({ prefix, stripPrefix, serverPrefix }, gatewayPath) ?? '',
    schemaPath: path,
    gatewayPath,
    mount: prefix,
    security,
    isPublic: false,
  }
}

/** The books of all pools. They outlive the pools: a service that was gone for a while is still the one that once demanded something. */
export class AuthBooks {
  readonly #most: number
  readonly #books = new Map<string, AuthBook>()

  constructor(most: number) {
    this.#most = most
  }

  /** The book of an upstream. Of too many, those that were opened longest ago are thrown away. */
  of(upstream: string): AuthBook {
    const book = this.#books.get(upstream) ?? new AuthBook()
    this.#books.delete(upstream)
    this.#books.set(upstream, book)
    if (this.#books.size > this.#most) this.#books.delete(this.#books.keys().next().value!)
    return book
  }
}
