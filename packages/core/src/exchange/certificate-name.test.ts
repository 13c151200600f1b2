import { certificateName } from './certificate-name.ts'
import { expect, test } from 'vitest'

test.each([
  ['DNS:Users.Internal', 'DNS:users.internal'],
  ['URI:spiffe://shop/Users', 'URI:spiffe://shop/Users'],
  ['email:Ann@shop.test', 'email:Ann@shop.test'],
  ['IP:10.0.0.7', 'IP:10.0.0.7'],
  ['AB'.repeat(32), 'ab'.repeat(32)],
  [Array.from({ length: 32 }, () => '0F').join(':'), '0f'.repeat(32)],
])('%s is %s', (text, name) => {
  expect(certificateName(text)).toBe(name)
})

test('an address has one name, however it is written', () => {
  expect(certificateName('IP:2001:DB8:0:0:0:0:0:1')).toBe(certificateName('IP:2001:db8::1'))
  expect(certificateName('IP:2001:db8::1')).not.toBe(certificateName('IP:2001:db8::2'))
})

test.each([
  '',
  'users.internal',
  'CN=users',
  'CN:users',
  'dns:users.internal',
  'DNS:',
  'DNS:*.internal',
  'DNS:users.internal, DNS:orders.internal',
  'DNS:users.internal\nDNS:orders.internal',
  'URI:users',
  'URI:spiffe://shop/a b',
  'email:ann',
  'email:a@b@c',
  'IP:10.0.0',
  'IP:10.0.0.0/8',
  'constructor:x',
  'ab'.repeat(31),
  'ab'.repeat(33),
  'ag'.repeat(32),
])('%j names no certificate', (text) => {
  expect(certificateName(text)).toBeUndefined()
})
