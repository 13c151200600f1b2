import { endpointsOf } from './resolve.ts'
import { expect, test } from 'vitest'
import type { ServiceInstance } from './provider.ts'

const instance = (service: string, id: string, more: Partial<ServiceInstance> = {}): ServiceInstance => ({
  id,
  service,
  host: '10.0.0.7',
  port: 80,
  secure: false,
  ready: true,
  weight: 1,
  metadata: {},
  ...more,
})

test('the endpoints of a service are its ready instances, by their ids', () => {
  const services = [
    instance('users', 'b', { host: 'fd00::7', secure: true, zone: 'eu-1', version: 'v2', metadata: { 'octopus.priority': '2' } }),
    instance('orders', 'a'),
    instance('users', 'c', { ready: false }),
    instance('users', 'a', { metadata: { 'octopus.priority': 'high' } }),
  ]
  expect(endpointsOf(services, 'users')).toEqual([
    { id: 'users/a', origin: 'http://10.0.0.7:80', weight: 1, labels: { instance: 'a' } },
    { id: 'users/b', origin: 'https://[fd00::7]:80', weight: 1, zone: 'eu-1', priority: 2, labels: { instance: 'b', version: 'v2' } },
  ])
  expect(endpointsOf(services, 'stock')).toEqual([])
})

test('of an instance that is the same object the endpoint is the same object: whoever compares thousands is done at once', () => {
  const [one, two] = [instance('users', 'a'), instance('users', 'b')]
  const [before] = endpointsOf([one, two], 'users')
  const after = endpointsOf([one, { ...two, port: 81 }], 'users')
  expect(after[0]).toBe(before)
  expect(after[1]!.origin).toBe('http://10.0.0.7:81')
})
