import { describe, expect, it } from 'vitest'
import { HeaderList } from '../headers.ts'
import { IDENTITY_FIELDS, OwnFields } from './own-fields.ts'

describe('[R4] fields that only the gateway may set', () => {
  it.each(['x-auth-roles', 'X-Auth-Roles', 'X_AUTH_ROLES', 'x-auth_roles', 'x.auth.roles', 'X-Auth-Principal', 'x_auth-scopes'])(
    '%s is one in every spelling',
    (name) => {
      const headers = new HeaderList(['Accept', '*/*', name, 'admin', 'X-Other', '1', name, 'again'])
      expect(IDENTITY_FIELDS.takeFrom(headers)).toEqual([name.toLowerCase(), name.toLowerCase()])
      expect(headers.flat).toEqual(['Accept', '*/*', 'X-Other', '1'])
    },
  )

  it.each(['x-auth-role', 'x-auth-rolesx', 'xxauth-roles', 'authorization', 'x-auth-tokens'])('%s is none', (name) => {
    const headers = new HeaderList([name, '1'])
    expect(IDENTITY_FIELDS.takeFrom(headers)).toBeNull()
    expect(headers.flat).toEqual([name, '1'])
  })

  it('names are of any length', () => {
    const own = new OwnFields(['x-user'])
    expect(own.has('X_USER')).toBe(true)
    expect(own.has('x'.repeat(5_000))).toBe(false)
  })
})
