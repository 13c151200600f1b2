import type { AuthProvider, Authenticator, Denial, Identity } from '@octopus-gateway/core/plugins'

/** An identity of this name, with these rights. */
export function who(principal: string, over: Partial<Identity> = {}): Identity {
  return { provider: 'test', principal, roles: [], scopes: [], claims: {}, ...over }
}

/** What a provider does with a credential. */
export type Verdict = Identity | Denial | 'down'

/** A provider that knows bearer tokens by heart. `asked` counts. */
export class TokenProvider implements AuthProvider {
  readonly name: string
  readonly identity: AuthProvider['identity']
  asked = 0
  setups = 0
  disposed = 0
  readonly #tokens: ReadonlyMap<string, Verdict>
  readonly #options: { readonly scheme?: string; readonly late?: boolean }

  constructor(name: string, tokens: Readonly<Record<string, Verdict>>, options: { scheme?: string; late?: boolean } = {}) {
    this.name = name
    this.#tokens = new Map(Object.entries(tokens))
    this.#options = options
    this.identity = { name: 'tokens', version: '1.0.0', config: { tokens, options } }
  }

  setup(): Authenticator {
    this.setups += 1
    const { scheme = 'Bearer', late = false } = this.#options
    return {
      scheme,
      authenticate: (ctx) => {
        this.asked += 1
        const verdict = this.#verdict(ctx.request.headers.get('authorization'), scheme)
        return late ? Promise.resolve().then(() => answer(verdict)) : answer(verdict)
      },
      [Symbol.asyncDispose]: async () => void (this.disposed += 1),
    }
  }

  #verdict(field: string | undefined, scheme: string): Verdict | null {
    if (field === undefined || !field.startsWith(`${scheme} `)) return null
    const token = field.slice(scheme.length + 1)
    return this.#tokens.get(token) ?? { error: 'invalid_token', description: 'The token is unknown.' }
  }
}

function answer(verdict: Verdict | null): Identity | Denial | null {
  if (verdict === 'down') throw new Error('key server at 10.9.8.7 refused the connection')
  return verdict
}
