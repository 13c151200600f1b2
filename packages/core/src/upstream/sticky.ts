import { cookieOf } from '../exchange/cookies.ts'
import { sha256 } from './sha256.ts'
import type { BalancingPolicy } from './balancing.ts'
import type { Endpoint } from './endpoint.ts'
import type { HeaderList } from '../headers.ts'
import type { LiveEndpoint } from './endpoint-state.ts'
import type { RequestContext } from '../exchange/context.ts'

/** Bytes of a digest that go into a cookie. */
const LENGTH = 9

/**
 * The cookie that keeps clients of one upstream at their endpoints. Its value is a digest of the upstream's name and the endpoint's id: the same in
 * all processes and after a restart, and nothing that could be read.
 */
export class StickyCookie {
  readonly #upstream: string
  readonly #name: string
  readonly #attributes: string
  #endpoints: ReadonlyMap<string, LiveEndpoint> = new Map()
  #values: ReadonlyMap<string, string> = new Map()

  constructor(upstream: string, { cookie, ttl, path }: NonNullable<BalancingPolicy['sticky']>) {
    this.#upstream = upstream
    this.#name = cookie
    const age = ttl === null ? '' : `; Max-Age=${Math.floor(ttl / 1_000)}`
    this.#attributes = `; Path=${path}${age}; HttpOnly; SameSite=Lax`
  }

  assign(endpoints: readonly LiveEndpoint[]): void {
    // An endpoint of weight 0 gets nothing, also not from those who were there before.
    const able = endpoints.filter(({ weight }) => weight > 0)
    this.#values = new Map(able.map(({ id }) => [id, this.#values.get(id) ?? this.#valueOf(id)]))
    this.#endpoints = new Map(able.map((endpoint) => [this.#values.get(endpoint.id)!, endpoint]))
  }

  #valueOf(id: string): string {
    const digest = sha256(JSON.stringify(['octopus sticky', this.#upstream, id])).subarray(0, LENGTH)
    return btoa(String.fromCharCode(...digest))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
  }

  /** The endpoint that the client was at; `undefined` when it was at none, or at one that is gone. */
  endpointOf({ request: { headers } }: RequestContext): LiveEndpoint | undefined {
    const value = cookieOf(headers, this.#name)
    return value === undefined ? undefined : this.#endpoints.get(value)
  }

  /** Tells the client where it is, unless it knows. */
  set(ctx: RequestContext, endpoint: Endpoint, response: HeaderList): void {
    const value = this.#values.get(endpoint.id)
    if (value === undefined || cookieOf(ctx.request.headers, this.#name) === value) return
    response.append('set-cookie', `${this.#name}=${value}${this.#attributes}${ctx.client.secure ? '; Secure' : ''}`)
  }
}
