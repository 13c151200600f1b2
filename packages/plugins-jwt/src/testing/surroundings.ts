import { HeaderList, silentLogger } from '@octopus-gateway/core'
import { KEY_SERVER } from '../limits.ts'
import { START } from './tokens.ts'
import { createProvider } from '../provider.ts'
import type { Authenticator, Denial, Identity } from '@octopus-gateway/core/plugins'
import type { Clock, KeyServerLimits } from '../limits.ts'
import type { JwtOptions } from '../options.ts'
import type { Logger, MaybePromise, RequestContext } from '@octopus-gateway/core'

/** Both clocks, turned by hand. */
export class TestClock implements Clock {
  #passed = 0
  readonly wall = (): number => START + this.#passed
  readonly monotonic = (): number => this.#passed

  advance(ms: number): void {
    this.#passed += ms
  }
}

/** A provider at work. */
export interface Working extends AsyncDisposable {
  readonly clock: TestClock
  readonly authenticator: Authenticator
  /** Asks with this Authorization field; without one when it is `null`. */
  ask(token: string | null): MaybePromise<Identity | Denial | null>
  askRequest(flat: string[], target?: string): MaybePromise<Identity | Denial | null>
}

/** What a test may choose. */
export interface Choices {
  readonly name?: string
  readonly clock?: TestClock
  readonly limits?: Partial<KeyServerLimits>
  readonly log?: Logger
}

/** Sets a provider up. */
export async function working(
  options: JwtOptions,
  { name = 'jwt-auth', clock = new TestClock(), limits, log }: Choices = {},
): Promise<Working> {
  const provider = createProvider(options, name, { clock, limits: { ...KEY_SERVER, ...limits } })
  const authenticator = await provider.setup({ log: log ?? silentLogger })
  const askRequest: Working['askRequest'] = (flat, target = '/') => authenticator.authenticate(requestWith(flat, target))
  return {
    clock,
    authenticator,
    askRequest,
    ask: (token) => askRequest(token === null ? [] : ['Authorization', `Bearer ${token}`]),
    async [Symbol.asyncDispose]() {
      await authenticator[Symbol.asyncDispose]?.()
    },
  }
}

/** A request as far as a provider looks at it. */
export function requestWith(flat: string[], target = '/'): RequestContext {
  return { request: { method: 'GET', target, headers: new HeaderList(flat) } } as unknown as RequestContext
}
