import { etcdDiscovery, type EtcdOptions } from '@octopus-gateway/discovery-etcd'
import { expect } from 'vitest'
import { waitFor } from '@octopus-gateway/testing'
import { watched, type Line } from '../../../tests/support/finding.ts'
import type { Gateway } from '@octopus-gateway/core'

/** A gateway that finds its services in etcd, until the test is over. */
export const watching = (options: EtcdOptions, lines?: Line[]): Gateway => watched(etcdDiscovery(options), lines)

/** The ports of all instances that it knows, the smallest first. */
export const portsOf = (gateway: Gateway): number[] => gateway.services.map(({ port }) => port).toSorted((a, b) => a - b)

/** Resolves as soon as these instances, and no others, are known. */
export const knows = (gateway: Gateway, ...ports: readonly number[]): Promise<unknown> =>
  waitFor(() => expect(portsOf(gateway)).toEqual(ports))

/** What the value of an instance says. */
export const instance = (port: number, more: object = {}): object => ({ name: 'users', address: '127.0.0.1', port, ...more })
