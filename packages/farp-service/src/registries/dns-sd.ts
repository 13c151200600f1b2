import type { ServiceRecord } from './record.ts'

/** A TXT string has one byte for its length (RFC 6763, 6.1), and a record should fit into one packet (6.2). */
const STRING = 255
const RECORD = 1300

/**
 * TXT strings for DNS-SD, for the instance label `record.id` and a type such as `_farp._tcp`. What identifies the service comes first; a string of
 * more than 255 bytes, and what makes the record longer than a packet, is left out: a gateway finds the manifest at `/_farp/manifest` all the same.
 */
export function dnsSdTxt(record: ServiceRecord, type = '_farp._tcp'): string[] {
  const { metadata, service_name: name, id, version, tags } = record
  const first = ['farp.enabled', 'farp.manifest', 'farp.capabilities']
  const rest = Object.keys(metadata).filter((key) => !first.includes(key))
  const pairs = [
    ['name', name],
    ['id', id],
    ['version', version],
    ['mdns.service_type', type],
    ['tags', tags.join(',')],
    ...[...first, ...rest].map((key) => [key, metadata[key]!]),
  ]
  let total = 0
  return pairs
    .map(([key, value]) => `${key}=${value}`)
    .filter((text) => {
      const length = new TextEncoder().encode(text).length
      if (length > STRING || total + length + 1 > RECORD) return false
      total += length + 1
      return true
    })
}
