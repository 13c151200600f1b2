import * as v from 'valibot'
import { answer, instanceOf } from './instance.ts'
import { expect, test } from 'vitest'
import type { ServiceInstance } from '@octopus-gateway/core'

const PLAIN = { instanceId: 'h:users:1', hostName: '10.0.0.7', app: 'USERS', status: 'UP', port: { $: 8080, '@enabled': 'true' } }

const instance = (more: object, zone?: string): ServiceInstance | undefined => {
  const told = { applications: { application: { instance: { ...PLAIN, ...more } } } }
  return instanceOf(v.parse(answer, told).applications.application[0]!.instance[0]!, zone)
}

test('an instance with nothing but its place, alone where a list is usual', () => {
  expect(instance({ metadata: { '@class': 'java.util.Collections$EmptyMap' } })).toEqual({
    id: 'h:users:1',
    service: 'users',
    host: '10.0.0.7',
    port: 8080,
    secure: false,
    ready: true,
    weight: 1,
    metadata: {},
  })
})

test('an empty registry, and an application without instances', () => {
  for (const application of [undefined, null, [], [{ name: 'USERS', instance: [] }]])
    expect(v.parse(answer, { applications: { application } }).applications.application.flatMap((one) => one.instance)).toEqual([])
})

test.each(['DOWN', 'STARTING', 'OUT_OF_SERVICE', 'UNKNOWN'])('%s gets no requests', (status) => {
  expect(instance({ status })?.ready).toBe(false)
})

test('the secure port is used where it is on; an instance without a port takes no part', () => {
  const securePort = { $: '8443', '@enabled': true }
  expect(instance({ securePort })).toMatchObject({ port: 8443, secure: true })
  expect(instance({ securePort, port: { $: 8080, '@enabled': 'false' } })).toMatchObject({ port: 8443, secure: true })
  expect(instance({ securePort: { $: 443, '@enabled': 'false' } })).toMatchObject({ port: 8080, secure: false })
  expect(instance({ port: { $: 8080, '@enabled': 'false' } })).toBeUndefined()
})

test('version, weight and zone are metadata; a cloud tells the zone as well', () => {
  expect(instance({ metadata: { version: 'v2', weight: '3', zone: 'a', 'management.port': 9 } })).toMatchObject({
    version: 'v2',
    weight: 3,
    zone: 'a',
    metadata: { 'management.port': '9' },
  })
  expect(instance({ dataCenterInfo: { name: 'Amazon', metadata: { 'availability-zone': 'us-east-1c' } } })?.zone).toBe('us-east-1c')
  expect(instance({ metadata: { weight: 'heavy' } })?.weight).toBe(1)
})

test('instances of another zone come second, unless they say when', () => {
  const priority = (metadata: object, zone?: string): unknown => instance({ metadata }, zone)?.metadata['octopus.priority']
  expect([priority({ zone: 'b' }, 'a'), priority({ zone: 'a' }, 'a'), priority({}, 'a'), priority({ zone: 'b' })]).toEqual([
    '1',
    undefined,
    undefined,
    undefined,
  ])
  expect(priority({ zone: 'b', 'octopus.priority': '4' }, 'a')).toBe('4')
})
