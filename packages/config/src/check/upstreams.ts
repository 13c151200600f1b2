import { checkHealth } from './health.ts'
import type { Draft } from './draft.ts'
import type { Problem } from '../report/issues.ts'
import type { Path } from '../tree/node.ts'
import { isHashBalancer } from '@octopus-gateway/core'
import { nearest } from '../report/suggest.ts'

type DraftUpstream = NonNullable<NonNullable<Draft['upstreams']>[number]>

/** Upstreams: unique names, exactly one way to find instances, services that exist. */
export function* checkUpstreams(draft: Draft): Generator<Problem> {
  const names = new Map<string, number>()
  for (const [index, upstream] of (draft.upstreams ?? []).entries()) {
    if (upstream === undefined) continue
    const path = ['upstreams', index]
    const first = upstream.name === undefined ? undefined : names.get(upstream.name)
    if (first !== undefined)
      yield {
        code: 'duplicate_name',
        path: [...path, 'name'],
        message: `upstreams[${first}] already has the name ${upstream.name}; rename or remove one`,
      }
    else if (upstream.name !== undefined) names.set(upstream.name, index)
    for (const problem of [
      ...checkInstances(upstream, draft),
      ...checkTransport(upstream),
      ...checkHash(upstream, draft),
      ...checkHealth(upstream, draft),
    ])
      yield { ...problem, path: [...path, ...problem.path] }
  }
}

function* checkInstances(upstream: DraftUpstream, draft: Draft): Generator<Problem> {
  const { instances, service } = upstream
  if (!('instances' in upstream) && !('service' in upstream)) {
    yield { code: 'missing_key', path: [], message: 'needs instances (addresses and ports) or service (the name of a discovered service)' }
  }
  if (instances !== undefined && service !== undefined) {
    yield { code: 'conflicting_keys', path: ['service'], message: 'instances and service cannot both be given; remove one of them' }
  }
  if (instances !== undefined && instances.length === 0)
    yield { code: 'invalid_value', path: ['instances'], message: 'needs at least one instance' }
  if (service !== undefined && upstream.scheme !== undefined) {
    yield {
      code: 'conflicting_keys',
      path: ['scheme'],
      message: 'discovered instances say themselves how they are spoken to; remove scheme',
    }
  }
  if (service !== undefined) yield* checkService(service, draft)
  const seen = new Map<string, number>()
  for (const [index, instance] of (instances ?? []).entries()) {
    if (instance?.address === undefined || instance.port === undefined) continue
    for (const key of [`at ${instance.address}:${instance.port}`, ...(instance.id === undefined ? [] : [`id ${instance.id}`])]) {
      const first = seen.get(key)
      if (first === undefined) seen.set(key, index)
      else
        yield {
          code: 'duplicate_instance',
          path: ['instances', index],
          message: `${key} is already taken by instances[${first}]; remove or change one`,
        }
    }
  }
}

/** Protocol and TLS have to fit how the instances are spoken to. Discovered ones say that themselves, later. */
function* checkTransport(upstream: DraftUpstream): Generator<Problem> {
  const { protocol, tls, scheme = 'http' } = upstream
  const conflict = (path: Path, message: string): Problem => ({ code: 'conflicting_keys', path, message })
  if (tls?.verify === false && tls.ca !== undefined)
    yield conflict(['tls', 'ca'], 'is never looked at when verify is false; remove one of them')
  if (upstream.service !== undefined || ('scheme' in upstream && upstream.scheme === undefined)) return
  if (protocol === 'h2c' && scheme === 'https')
    yield conflict(['protocol'], 'h2c is HTTP/2 in the clear, and scheme is https; use h2, or remove scheme')
  if (protocol === 'h2' && scheme === 'http')
    yield conflict(['protocol'], 'h2 is HTTP/2 over TLS, and scheme is http; use h2c, or set scheme to https')
  if (tls !== undefined && scheme === 'http')
    yield conflict(['tls'], 'the instances are spoken to without TLS; set scheme to https, or remove tls')
}

/** Only a balancer that hashes has something to hash. */
function* checkHash(upstream: DraftUpstream, { routing }: Draft): Generator<Problem> {
  const chosen = 'load_balance' in upstream ? upstream.load_balance : routing?.load_balance
  if (upstream.hash_on === undefined || chosen === undefined || isHashBalancer(chosen)) return
  yield {
    code: 'conflicting_keys',
    path: ['hash_on'],
    message: `${chosen} hashes nothing; remove it, or set load_balance to ring-hash, maglev or rendezvous`,
  }
}

function* checkService(service: string, draft: Draft): Generator<Problem> {
  if (draft.discovery === undefined) {
    if (!('discovery' in draft))
      yield {
        code: 'missing_discovery',
        path: ['service'],
        message: 'names a discovered service, and there is no discovery; add a discovery block',
      }
    return
  }
  if (draft.discovery.backend !== 'static') return
  const known = (draft.discovery.static?.services ?? []).flatMap((one) => (one?.name === undefined ? [] : [one.name]))
  if (known.includes(service)) return
  const near = nearest(service, known)
  const hint = near === undefined ? 'add it to discovery.static.services' : `did you mean ${near}?`
  yield {
    code: 'dangling_service',
    path: ['service'],
    message: `there is no service ${JSON.stringify(service)} in discovery.static.services; ${hint}`,
  }
}
