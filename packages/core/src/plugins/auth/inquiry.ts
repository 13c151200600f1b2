import { toGatewayError } from '../../errors.ts'
import type { Authenticator, Denial, Identity } from './provider.ts'
import type { GatewayError } from '../../errors.ts'
import type { RequestContext } from '../../exchange/context.ts'

/** A provider that is set up. */
export interface Named {
  readonly name: string
  readonly authenticator: Authenticator
}

/** Asks providers in order until one knows the caller. */
export class Inquiry {
  readonly asked: readonly Named[]
  identity: Identity | null = null
  /** The provider that knows the caller. */
  knownBy: Named | null = null
  /** Why a credential did not count, by provider. */
  readonly denials: { readonly by: Named; readonly denial: Denial }[] = []
  /** The first failure to find out. */
  failure: GatewayError | null = null
  #next = 0

  constructor(asked: readonly Named[]) {
    this.asked = asked
  }

  /** Asks on. A promise only when a provider needs time. */
  run(ctx: RequestContext): Promise<void> | null {
    while (this.identity === null && this.#next < this.asked.length) {
      const named = this.asked[this.#next]!
      this.#next += 1
      try {
        const found = named.authenticator.authenticate(ctx)
        if (isPromise(found)) return this.#wait(ctx, named, found)
        this.#hear(named, found)
      } catch (thrown) {
        this.#fail(thrown)
      }
    }
    return null
  }

  async #wait(ctx: RequestContext, named: Named, found: Promise<Identity | Denial | null>): Promise<void> {
    try {
      this.#hear(named, await found)
    } catch (thrown) {
      this.#fail(thrown)
    }
    await this.run(ctx)
  }

  #hear(named: Named, found: Identity | Denial | null): void {
    if (found === null) return
    if ('error' in found) {
      this.denials.push({ by: named, denial: found })
      return
    }
    this.identity = found
    this.knownBy = named
  }

  #fail(thrown: unknown): void {
    this.failure ??= toGatewayError(thrown)
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
