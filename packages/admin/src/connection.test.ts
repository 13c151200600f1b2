import { describe, expect, test } from 'vitest'
import { addressKey, connectionOf, hostName, isLoopbackAddress, isLoopbackHost } from './connection.ts'

test('connectionOf reads what a Node server knows and survives everything else', () => {
  expect(connectionOf({ incoming: { socket: { remoteAddress: '10.0.0.1', localAddress: '::1' } } })).toEqual({
    remote: '10.0.0.1',
    local: '::1',
  })
  for (const env of [undefined, null, 'x', {}, { incoming: null }, { incoming: { socket: { remoteAddress: 1 } } }]) {
    expect(connectionOf(env)).toEqual({ remote: undefined, local: undefined })
  }
})

describe('loopback', () => {
  test.each(['127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.1'])('%s is', (address) => {
    expect(isLoopbackAddress(address)).toBe(true)
  })
  test.each(['10.0.0.1', '128.0.0.1', '::2', '127.0.0.1.example', '1127.0.0.1', '0.0.0.0'])('%s is not', (address) => {
    expect(isLoopbackAddress(address)).toBe(false)
  })
  test.each(['localhost', 'LOCALHOST:9090', 'octopus.localhost', '127.0.0.1:9090', '[::1]:9090', '127.8.8.8'])(
    'the host %s is',
    (field) => {
      expect(isLoopbackHost(hostName(field)!)).toBe(true)
    },
  )
  test.each(['example.com', 'localhost.example.com', '127.0.0.1.nip.io', 'notlocalhost', '[2001:db8::1]:80'])(
    'the host %s is not',
    (field) => {
      expect(isLoopbackHost(hostName(field)!)).toBe(false)
    },
  )
  test.each(['', 'a b', 'user@localhost', 'localhost/x', 'localhost:x', '[::1', 'a,b'])('%j is no host', (field) => {
    expect(hostName(field)).toBeUndefined()
  })
})

test.each([
  [undefined, 'unknown'],
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:DB8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('addressKey of %s is %s', (address, key) => {
  expect(addressKey(address)).toBe(key)
})
