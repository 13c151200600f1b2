import * as v from 'valibot'
import { entries, instancesOf } from './instance.ts'
import { expect, test } from 'vitest'
import type { ServiceInstance } from '@octopus-gateway/core'

const SERVICE = { ID: 'users-1', Service: 'users', Tags: null, Address: '10.0.0.7', Port: 8080, Meta: null }

function instances(service: object, more: object = {}, passingOnly = false): ServiceInstance[] {
  const entry = { Node: { Node: 'n1', Address: '10.0.0.1' }, Service: { ...SERVICE, ...service }, Checks: [], ...more }
  return instancesOf(v.parse(entries, [entry]), passingOnly)
}

test('an instance with nothing but its place', () => {
  expect(instances({})).toEqual([
    { id: 'n1/users-1', service: 'users', host: '10.0.0.7', port: 8080, secure: false, ready: true, weight: 1, metadata: {} },
  ])
})

test('an instance with everything that it can say', () => {
  const Meta = { 'farp-enabled': 'true', Version: 'v2', zone: 'eu-1', scheme: 'https', octopus_priority: '3' }
  expect(instances({ Meta, Tags: ['farp', 'blue'], Weights: { Passing: 5, Warning: 2 } })).toMatchObject([
    { secure: true, weight: 5, zone: 'eu-1', version: 'v2', metadata: { ...Meta, tags: 'farp,blue', 'octopus.priority': '3' } },
  ])
})

test('without an address of its own it is where its node is; brackets are no part of an address', () => {
  expect(instances({ Address: '' })[0]!.host).toBe('10.0.0.1')
  expect(instances({ Address: '[fd00::7]' })[0]!.host).toBe('fd00::7')
})

test('a zone is where the service says, or where Consul knows the service or its node to be', () => {
  const Node = { Node: 'n1', Address: '10.0.0.1', Locality: { Region: 'eu', Zone: 'eu-2' } }
  expect(instances({}, { Node })[0]!.zone).toBe('eu-2')
  expect(instances({ Locality: { Region: 'eu', Zone: 'eu-3' } }, { Node })[0]!.zone).toBe('eu-3')
  expect(instances({ Locality: { Zone: 'eu-3' }, Meta: { Zone: 'eu-4' } }, { Node })[0]!.zone).toBe('eu-4')
})

test('proxies of a mesh and what has no port take no part', () => {
  expect(instances({ Kind: 'connect-proxy' })).toEqual([])
  expect(instances({ Port: 0 })).toEqual([])
  expect(instances({ Kind: '' })).toHaveLength(1)
})

test('they are listed by their ids, whatever order Consul has', () => {
  const entry = (Node: string, ID: string): object => ({ Node: { Node, Address: '10.0.0.1' }, Service: { ...SERVICE, ID }, Checks: [] })
  const found = instancesOf(v.parse(entries, [entry('n2', 'a'), entry('n1', 'c'), entry('n1', 'b')]), false)
  expect(found.map(({ id }) => id)).toEqual(['n1/b', 'n1/c', 'n2/a'])
})

test('ready is what passes everything, or only what is not under maintenance', () => {
  const readiness = (...Checks: { CheckID: string; Status: string }[]): boolean[] =>
    [false, true].map((passingOnly) => instances({}, { Checks }, passingOnly)[0]!.ready)
  const check = (Status: string, CheckID = 'service:users-1'): { CheckID: string; Status: string } => ({ CheckID, Status })
  expect(readiness(check('passing'), check('passing', 'serfHealth'))).toEqual([true, true])
  expect(readiness(check('warning'))).toEqual([true, false])
  expect(readiness(check('critical'))).toEqual([true, false])
  expect(readiness(check('passing'), check('critical', 'serfHealth'))).toEqual([true, false])
  expect(readiness(check('critical', '_node_maintenance'))).toEqual([false, false])
  expect(readiness(check('critical', '_service_maintenance:users-1'))).toEqual([false, false])
})

test('a warning counts with the weight that it has', () => {
  const Weights = { Passing: 5, Warning: 2 }
  expect(instances({ Weights }, { Checks: [{ CheckID: 'c', Status: 'warning' }] })[0]!.weight).toBe(2)
  expect(instances({ Weights }, { Checks: [{ CheckID: 'c', Status: 'passing' }] })[0]!.weight).toBe(5)
})

test('a hostile name in metadata is only a name', () => {
  const Meta = JSON.parse('{"__proto__":"x","constructor":"y","ok":"z"}') as object
  const { metadata } = instances({ Meta })[0]!
  expect([metadata['ok'], Object.getPrototypeOf(metadata), ({} as { readonly x?: unknown }).x]).toEqual(['z', Object.prototype, undefined])
})
