import type { HeaderList } from '../headers.ts'

/**
 * Names of request fields that only the gateway may set, because upstreams believe them. Servers that read `_` and the like as `-` (CGI, WSGI)
 * take other spellings for the same field: a name counts as one of these when it differs in nothing but letter case and what stands for `-`.
 */
export class OwnFields {
  readonly #names: ReadonlySet<string>
  /** Most names have a length that none of these has. */
  readonly #lengths = new Uint8Array(256)

  constructor(names: Iterable<string>) {
    this.#names = new Set(names)
    for (const name of this.#names) this.#lengths[name.length] = 1
  }

  has(received: string): boolean {
    return this.#lengths[received.length] === 1 && this.#names.has(spelled(received))
  }

  /** Takes these fields out of a list. The names as they were received, in lower case; `null` when there was none. */
  takeFrom(headers: HeaderList): string[] | null {
    const { flat } = headers
    let taken: string[] | null = null
    let to = 0
    for (let i = 0; i < flat.length; i += 2) {
      const name = flat[i]!
      if (this.has(name)) {
        taken ??= []
        taken.push(name.toLowerCase())
        continue
      }
      if (to !== i) {
        flat[to] = name
        flat[to + 1] = flat[i + 1]!
      }
      to += 2
    }
    flat.length = to
    return taken
  }
}

/** One spelling for all that a lenient server takes for the same name. */
function spelled(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z\d]/g, '-')
}

/** By these upstreams learn who calls, unless an `auth` plugin says otherwise. Nobody's but the gateway's, on every gateway. */
export const IDENTITY_HEADERS = { principal: 'x-auth-principal', roles: 'x-auth-roles', scopes: 'x-auth-scopes' } as const

/** Marks copies of requests for their receivers. */
export const MIRRORED_FIELD = 'x-octopus-mirrored'

/** All of these as a set. */
export const IDENTITY_FIELDS = new OwnFields([...Object.values(IDENTITY_HEADERS), MIRRORED_FIELD])

/** Removes a field in every spelling. `name` is lower-case. */
export function deleteField(headers: HeaderList, name: string): void {
  new OwnFields([name]).takeFrom(headers)
}
