import { expect, test } from 'vitest'
import { judge, objection } from './trust.ts'
import type { TrustScope, Verdict } from './trust.ts'

const scope: TrustScope = {
  registered: [
    { scheme: 'http', host: '10.0.0.7', port: 8080 },
    { scheme: 'http', host: '10.0.0.8', port: 8080 },
  ],
  service: 'users',
  namespace: 'shop',
  allowedHosts: ['docs.example.com', 'cache.example.com:6379', '*.schemas.example', 'localhost:9000'],
  requireHttps: undefined,
}

const verdict = (url: string, more: Partial<TrustScope> = {}): Verdict => judge(new URL(url), { ...scope, ...more })
const why = (url: string, more: Partial<TrustScope> = {}): string => {
  const found = verdict(url, more)
  return found.allowed ? found.by : found.reason
}

test('[R38] [F12.1.registry] [F12.1.own-hosts] who may be contacted', () => {
  expect(why('http://10.0.0.7:8080/openapi.json')).toBe('registry')
  expect(why('https://10.0.0.8:8080/openapi.json')).toBe('registry')
  for (const host of ['users', 'USERS', 'users.shop', 'users.shop.svc', 'users.shop.svc.cluster.local', 'users.'])
    expect(why(`http://${host}:8080/x`), host).toBe('name')
  expect(why('http://docs.example.com/x')).toBe('operator')
  expect(why('http://a.schemas.example/x')).toBe('operator')
  expect(why('http://cache.example.com:6379/x')).toBe('operator')
})

test('[R38] [F12.1.own-hosts] a name that carries its namespace is a name of the service, and the one without it is not', () => {
  for (const host of ['users.shop', 'users.shop.svc', 'users.shop.svc.cluster.local'])
    expect(why(`http://${host}:8080/x`, { service: 'users.shop' }), host).toBe('name')
  for (const host of ['users', 'users.shop.shop', 'users.other'])
    expect(why(`http://${host}:8080/x`, { service: 'users.shop' }), host).toBe('foreign')
})

test('[R38] [F12.1.schemes] [F12.1.credentials] [F12.1.ports] who may not', () => {
  for (const url of [
    'http://10.0.0.7:9090/x',
    'http://10.0.0.9:8080/x',
    'http://users.evil/x',
    'http://users.shop.evil/x',
    'http://xusers/x',
    'http://docs.example.com.evil/x',
    'http://cache.example.com/x',
    'http://schemas.example/x',
    'http://evilschemas.example/x',
    'http://169.254.169.254/latest/meta-data',
    'http://2852039166/latest',
    'http://localhost:8080/x',
  ]) {
    expect(why(url), url).toBe('foreign')
  }
  for (const url of [
    'ftp://10.0.0.7:8080/x',
    'file:///etc/passwd',
    'http://user:secret@10.0.0.7:8080/x',
    'http://users:6379/x',
    'http://docs.example.com:22/x',
    'http://users:10250/x',
  ]) {
    expect(why(url), url).toBe('blocked')
  }
  expect(why('http://users.shop/x', { registered: [] })).toBe('name')
  const { namespace: _, ...anywhere } = scope
  expect(judge(new URL('http://users.shop/x'), anywhere).allowed).toBe(false)
})

test('[F12.1.registry] an instance on loopback is the same under each of its names', () => {
  const registered = [{ scheme: 'http', host: '127.0.0.1', port: 8080 }] as const
  expect(why('http://localhost:8080/x', { registered })).toBe('registry')
  expect(why('http://[::1]:8080/x', { registered })).toBe('registry')
  expect(why('http://localhost:8081/x', { registered })).toBe('foreign')
})

test('[R38] [F12.1.addresses] every resolved address is checked', () => {
  const objects = (url: string, addresses: readonly string[], more: Partial<TrustScope> = {}): boolean => {
    const found = verdict(url, more)
    if (!found.allowed) throw new Error(found.message)
    return objection(found, addresses, { ...scope, ...more }) !== undefined
  }
  expect(objects('http://10.0.0.7:8080/x', ['10.0.0.7'])).toBe(false)
  expect(objects('http://users:80/x', ['10.1.1.1'])).toBe(false)
  expect(objects('http://users:80/x', ['10.1.1.1', '169.254.169.254'])).toBe(true)
  expect(objects('http://users:80/x', ['127.0.0.1'])).toBe(true)
  expect(objects('http://users:80/x', ['::1'])).toBe(true)
  expect(objects('http://users:80/x', [])).toBe(true)
  expect(objects('http://docs.example.com/x', ['127.0.0.1'])).toBe(true)
  expect(objects('http://localhost:9000/x', ['127.0.0.1'])).toBe(false)
  expect(objects('http://localhost:9000/x', ['169.254.1.1'])).toBe(true)
})

test('plain http: refused everywhere, for public addresses by default, or nowhere', () => {
  expect(why('http://10.0.0.7:8080/x', { requireHttps: true })).toBe('blocked')
  expect(why('https://10.0.0.7:8080/x', { requireHttps: true })).toBe('registry')
  const allowed = verdict('http://docs.example.com/x') as Verdict & { allowed: true }
  expect(objection(allowed, ['8.8.8.8'], scope)).toContain('https')
  expect(objection(allowed, ['8.8.8.8'], { ...scope, requireHttps: false })).toBeUndefined()
  expect(objection(verdict('https://docs.example.com/x') as Verdict & { allowed: true }, ['8.8.8.8'], scope)).toBeUndefined()
})

test('[R38] whoever registers itself chooses its name: that name, and a namespace beside it, mean no host', () => {
  const itself = { itself: { host: 'Users.Shop', port: 8080 }, service: 'vault', namespace: 'corp' }
  for (const host of ['vault', 'vault.corp', 'vault.corp.svc']) {
    expect(verdict(`http://${host}:8080/x`, { service: 'vault', namespace: 'corp' }).allowed, host).toBe(true)
    expect(verdict(`http://${host}:8080/x`, itself), host).toMatchObject({ allowed: false, reason: 'foreign' })
  }
  expect(verdict('http://users.shop:8080/x', itself)).toMatchObject({ allowed: true, by: 'name' })
  expect(verdict('http://users.shop:9090/x', itself)).toMatchObject({ allowed: false, reason: 'foreign' })
})
