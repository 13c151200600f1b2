import { auth } from '@octopus-gateway/core/plugins'
import type { AuthOptions, AuthProvider, Identity } from '@octopus-gateway/core/plugins'
import type { Plugin } from '@octopus-gateway/core'

const PEOPLE: Readonly<Record<string, Pick<Identity, 'roles' | 'scopes'>>> = {
  ann: { roles: ['reader'], scopes: ['orders:read'] },
  bob: { roles: [], scopes: [] },
}

/** Knows `Bearer ann`, who may read, and `Bearer bob`, who has no rights. Answers a turn later, as a provider that asks somebody. */
export const people: AuthProvider = {
  name: 'people',
  identity: { name: 'people', version: '1.0.0', config: null },
  setup: () => ({
    scheme: 'Bearer',
    async authenticate(ctx) {
      const field = ctx.request.headers.get('authorization')
      if (field === undefined) return null
      const principal = field.slice('Bearer '.length)
      const person = Object.hasOwn(PEOPLE, principal) ? PEOPLE[principal] : undefined
      if (person === undefined) return { error: 'invalid_token', description: 'The token is unknown.' }
      return { provider: 'people', principal, claims: {}, ...person }
    },
  }),
}

/** `auth` with these people. */
export function guard(options: Partial<AuthOptions> = {}): Plugin {
  return auth({ providers: [people], ...options })
}

export const ANN = ['authorization', 'Bearer ann'] as const
export const BOB = ['authorization', 'Bearer bob'] as const
