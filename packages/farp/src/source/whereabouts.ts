import { addressOf, parseAddress } from '../address.ts'
import { kindOf } from '../net/ip.ts'
import { isIP } from 'node:net'
import type { Address } from '../address.ts'
import type { Metadata } from '../metadata.ts'
import type { ServiceInstance } from '@octopus-gateway/core'

/** Whether a record is the operator's own word, not something a service wrote into a registry. */
export function isOperators({ provider }: ServiceInstance): boolean {
  return provider === 'static' || provider === 'file'
}

/** Where an instance is: the record's address, or else the host of the manifest URL in its metadata. */
export function ownAddress(record: ServiceInstance, metadata: Metadata): Address | undefined {
  const found = parseAddress(record.host, record.port, record.secure || metadata.get('scheme') === 'https')
  if (found !== undefined) return found
  const named = urlAddress(metadata.get('farp.manifest'))
  const isBlocked = named !== undefined && isIP(named.host) !== 0 && kindOf(named.host) === 'blocked'
  return isBlocked && !isOperators(record) ? undefined : named
}

/** Addresses that count as the operator's: the record's own, and for records of the configuration those in its metadata. */
export function registeredAddresses(record: ServiceInstance, metadata: Metadata): Address[] {
  const own = ownAddress(record, metadata)
  const named = isOperators(record) ? ['farp.manifest', 'farp.openapi'].map((key) => urlAddress(metadata.get(key))) : []
  return [own, ...named].filter((address) => address !== undefined)
}

function urlAddress(text: string | undefined): Address | undefined {
  return text !== undefined && URL.canParse(text) ? addressOf(new URL(text)) : undefined
}
