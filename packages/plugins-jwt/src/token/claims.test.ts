import { describe, expect, test } from 'vitest'
import { SECRET, START, signedWithSecret } from '../testing/tokens.ts'
import { judgeClaims } from './claims.ts'
import { settingsOf } from '../provider.ts'
import type { Denial, Identity } from '@octopus-gateway/core/plugins'
import type { JwtOptions } from '../options.ts'
import { working } from '../testing/surroundings.ts'

function judge(claims: Record<string, unknown>, options: JwtOptions = {}): Identity | Denial {
  const judgement = judgeClaims({ sub: 'ann', ...claims }, settingsOf({ secret: SECRET, ...options }, 'jwt-auth'), 'jwt-auth', START)
  return 'error' in judgement ? judgement : judgement.identity
}

const ann = { principal: 'ann' }
const denied = (description: string): Denial => ({ error: 'invalid_token', description })

test('the issuer is one of those named, letter by letter', () => {
  const wrong = denied('The token is from another issuer')
  for (const issuer of ['https://a.example', ['https://b.example', 'https://a.example']]) {
    expect(judge({ iss: 'https://a.example' }, { issuer })).toMatchObject(ann)
    for (const iss of ['https://a.example/', 'https://A.example', '', undefined, ['https://a.example'], 7]) {
      expect(judge({ iss }, { issuer }), String(iss)).toEqual(wrong)
    }
  }
  expect(judge({ iss: 'anybody' })).toMatchObject(ann)
})

test('the token is for one of the audiences', () => {
  const wrong = denied('The token is for another audience')
  for (const aud of ['shop', ['other', 'shop']]) {
    expect(judge({ aud }, { audience: 'shop' })).toMatchObject(ann)
    expect(judge({ aud }, { audience: ['shop', 'office'] })).toMatchObject(ann)
  }
  for (const aud of ['shops', 'Shop', [], [['shop']], { shop: true }, null, undefined]) {
    expect(judge({ aud }, { audience: 'shop' }), JSON.stringify(aud)).toEqual(wrong)
  }
})

test('required claims are there, and have their values', () => {
  const wrong = denied('The token lacks a required claim')
  expect(judge({ tenant: '' }, { requiredClaims: ['tenant'] })).toMatchObject(ann)
  expect(judge({ tenant: null }, { requiredClaims: ['tenant'] })).toEqual(wrong)
  for (const name of ['tenant', 'constructor', '__proto__', 'a.b']) expect(judge({}, { requiredClaims: [name] }), name).toEqual(wrong)
  const requiredClaims = { email_verified: true, 'org.id': [7, 8], groups: 'staff' }
  const good = { email_verified: true, org: { id: 8 }, groups: ['staff', 'all'] }
  expect(judge(good, { requiredClaims })).toMatchObject(ann)
  for (const [key, value] of [
    ['email_verified', 'true'],
    ['email_verified', false],
    ['org', { id: '8' }],
    ['org', { id: 9 }],
    ['groups', 'stafff'],
    ['groups', ['staff!']],
    ['groups', undefined],
  ] as const) {
    expect(judge({ ...good, [key]: value }, { requiredClaims }), key).toEqual(wrong)
  }
})

test('a token names its subject, in a way that fits into a header field', () => {
  for (const sub of [undefined, null, '', 7, ['ann'], 'ann\r\nx-auth-roles: admin', 'ann\u0000', 'a\u007f']) {
    expect(judge({ sub }), JSON.stringify(sub)).toEqual(denied('The token names no subject'))
  }
  expect(judge({ sub: 'auth0|5f7 ä' })).toMatchObject({ principal: 'auth0|5f7 ä' })
})

describe('roles and scopes', () => {
  test.each<[unknown, readonly string[]]>([
    [
      ['reader', 'writer', 'reader'],
      ['reader', 'writer'],
    ],
    ['reader', ['reader']],
    ['head of office', ['head of office']],
    [['reader', 7, null, ['admin'], ''], ['reader']],
    [{ admin: true }, []],
    [undefined, []],
    ['', []],
  ])('roles %j', (roles, names) => {
    expect((judge({ roles }) as Identity).roles).toEqual(names)
  })

  test.each<[Record<string, unknown>, readonly string[]]>([
    [{ scope: 'read write  read' }, ['read', 'write']],
    [{ scope: ['read', 'write'] }, ['read', 'write']],
    [{ scp: ['read'] }, ['read']],
    [{ scp: 'read write' }, ['read', 'write']],
    [{ scope: 'read', scp: 'admin' }, ['read']],
    [{ scope: '', scp: 'admin' }, []],
    [{}, []],
  ])('scopes of %j', (claims, names) => {
    expect((judge(claims) as Identity).scopes).toEqual(names)
  })

  test('come from other claims, of exactly that name or at the end of a path', () => {
    const claims = {
      realm_access: { roles: ['a'] },
      'https://shop.example/roles': ['b'],
      permissions: ['p'],
      list: [{ roles: ['no'] }],
    }
    const roles = (rolesClaim: string): readonly string[] => (judge(claims, { rolesClaim }) as Identity).roles
    expect(roles('realm_access.roles')).toEqual(['a'])
    expect(roles('https://shop.example/roles')).toEqual(['b'])
    for (const path of [
      'realm_access.nothing',
      'list.0.roles',
      'realm_access.roles.0',
      'constructor.name',
      '__proto__.x',
      'realm_access.roles.length',
    ]) {
      expect(roles(path), path).toEqual([])
    }
    expect((judge({ ...claims, scope: 'x' }, { scopesClaim: 'permissions' }) as Identity).scopes).toEqual(['p'])
  })
})

test('claims have no prototype: what is not in the token is not there', async () => {
  await using provider = await working({ secret: SECRET })
  const { claims } = (await provider.ask(await signedWithSecret({ sub: 'ann' }))) as Identity
  expect(claims['constructor']).toBeUndefined()
  expect(claims['toString']).toBeUndefined()
})
