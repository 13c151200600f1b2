import { AuthBook, mostHeld } from './book.ts'
import { mountPath, upstreamPath } from '../mount.ts'
import type { AuthDeclaration } from '../manifest/auth.ts'
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
  /** What services demanded when all of their pools were last looked at. */
  readonly #demanded = new Map<string, readonly AuthDeclaration[]>()

  constructor(most: number) {
    this.#most = most
  }

  /**
   * The book of a pool. A new one begins with what the service demanded elsewhere: an update must not get rid of that by another mount or another
   * version. Of too many, those that were opened longest ago are thrown away.
   */
  of(name: string, service: string): AuthBook {
    const book = this.#books.get(name) ?? new AuthBook(this.#demanded.get(service))
    put(this.#books, name, book, this.#most)
    return book
  }

  /** All pools of a service were looked at, with these books: versions that come together do not bind each other. */
  settle(service: string, books: Iterable<AuthBook>): void {
    put(this.#demanded, service, mostHeld([...books].flatMap(({ held }) => held)), this.#most)
  }
}

function put<T>(map: Map<string, T>, name: string, value: T, most: number): void {
  map.delete(name)
  map.set(name, value)
  if (map.size > most) map.delete(map.keys().next().value!)
}
