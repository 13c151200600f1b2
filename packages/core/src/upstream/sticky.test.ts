import { describe, expect, it } from 'vitest'
import { endpointOf } from './balancers/balancers.fixture.ts'
import { HeaderList } from '../headers.ts'
import { StickyCookie } from './sticky.ts'
import type { LiveEndpoint } from './endpoint-state.ts'
import type { RequestContext } from '../exchange/context.ts'

const a = endpointOf('http://10.0.0.7:8080')
const b = endpointOf('http://10.0.0.8:8080')

function sticky(more: { ttl?: number; path?: string } = {}, upstream = 'up'): StickyCookie {
  const cookie = new StickyCookie(upstream, { cookie: 'at', ttl: more.ttl ?? null, path: more.path ?? '/' })
  cookie.assign([a, b])
  return cookie
}

const request = (cookies: string, secure = false): RequestContext =>
  ({
    client: { ip: '', secure },
    request: { headers: new HeaderList(cookies === '' ? [] : ['cookie', cookies]) },
  }) as unknown as RequestContext

function setBy(cookie: StickyCookie, endpoint: LiveEndpoint, cookies = '', secure = false): string[] {
  const response = new HeaderList(['set-cookie', 'own=1'])
  cookie.set(request(cookies, secure), endpoint, response)
  return response.values('set-cookie').slice(1)
}

const pairOf = (field: string | undefined): string => field!.slice(0, field!.indexOf(';'))

describe('the sticky cookie', () => {
  it('has the attributes that keep it from scripts and other sites', () => {
    expect(setBy(sticky(), a)[0]).toMatch(/^at=[\w-]{12}; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(setBy(sticky({ ttl: 90_500, path: '/shop' }), a, '', true)[0]).toMatch(
      /^at=[\w-]{12}; Path=\/shop; Max-Age=90; HttpOnly; SameSite=Lax; Secure$/,
    )
  })

  it('is the same in every process, tells no address, and differs by upstream', () => {
    const value = pairOf(setBy(sticky(), a)[0])
    expect(value).toMatchInlineSnapshot(`"at=MtJUlBZBOq3Z"`)
    expect(pairOf(setBy(sticky(), a)[0])).toBe(value)
    expect(pairOf(setBy(sticky(), b)[0])).not.toBe(value)
    expect(pairOf(setBy(sticky({}, 'other'), a)[0])).not.toBe(value)
    expect(Buffer.from(value.slice(3), 'base64url').toString('latin1')).not.toMatch(/10\.0|8080/)
  })

  it('is set only for a client that has another one, or none', () => {
    const cookie = sticky()
    const mine = pairOf(setBy(cookie, a)[0])
    expect(setBy(cookie, a, `x=1; ${mine}`)).toEqual([])
    expect(setBy(cookie, b, mine)).toHaveLength(1)
    for (const foreign of ['at=', 'at=unknown', 'at=__proto__', `At=${mine.slice(3)}`]) expect(setBy(cookie, a, foreign)).toHaveLength(1)
  })

  it('leads back to its endpoint, as long as that is there', () => {
    const cookie = sticky()
    const mine = pairOf(setBy(cookie, a)[0])
    expect(cookie.endpointOf(request(mine))).toBe(a)
    expect(cookie.endpointOf(request('at=constructor'))).toBeUndefined()
    expect(cookie.endpointOf(request(''))).toBeUndefined()
    cookie.assign([b])
    expect(cookie.endpointOf(request(mine))).toBeUndefined()
    cookie.assign([a, b])
    expect(cookie.endpointOf(request(mine))).toBe(a)
  })
})
