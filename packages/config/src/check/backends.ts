import type { Draft } from './draft.ts'
import type { Problem } from '../report/issues.ts'

/** What the keys of a backend say together. */
export function* checkBackendBlocks(draft: Draft): Generator<Problem> {
  yield* checkEtcd(draft)
  yield* checkDns(draft)
  yield* checkLists(draft)
}

/** Backends that find nothing without an entry: an empty list is a mistake. */
function* checkLists({ discovery }: Draft): Generator<Problem> {
  const lists = [
    ['dns', 'names', discovery?.dns?.names],
    ['mdns', 'service_types', discovery?.mdns?.service_types],
    ['seeds', 'urls', discovery?.seeds?.urls],
  ] as const
  for (const [backend, key, list] of lists)
    if (list?.length === 0) yield { code: 'missing_key', path: ['discovery', backend, key], message: 'is empty; name at least one' }
}

function* checkEtcd({ discovery }: Draft): Generator<Problem> {
  const { etcd } = discovery ?? {}
  if (etcd === undefined) return
  const path = ['discovery', 'etcd']
  if ((etcd.username === undefined) !== (etcd.password === undefined)) {
    const missing = etcd.username === undefined ? 'username' : 'password'
    yield { code: 'missing_key', path: [...path, missing], message: 'is missing; username and password belong together' }
  }
  const plain = etcd.tls === undefined ? -1 : (etcd.endpoints ?? []).findIndex((endpoint) => endpoint?.startsWith('http:'))
  if (plain >= 0) {
    const message = 'is spoken to without TLS, and tls is given; begin it with https://, or remove tls'
    yield { code: 'conflicting_keys', path: [...path, 'endpoints', plain], message }
  }
}

function* checkDns({ discovery }: Draft): Generator<Problem> {
  for (const [index, entry] of (discovery?.dns?.names ?? []).entries()) {
    if (entry === undefined) continue
    const path = ['discovery', 'dns', 'names', index, 'port']
    if (entry.type === 'a' && entry.port === undefined)
      yield { code: 'missing_key', path, message: 'is missing; addresses have no ports, so write the one of the instances' }
    if (entry.type === 'srv' && entry.port !== undefined)
      yield { code: 'conflicting_keys', path, message: 'SRV records have ports of their own; remove it, or set type to a' }
  }
}
