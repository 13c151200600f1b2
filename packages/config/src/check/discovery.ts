import { checkBackendBlocks } from './backends.ts'
import type { Draft } from './draft.ts'
import type { Problem } from '../report/issues.ts'

/** Discovery and what builds on it. */
export function* checkDiscovery(draft: Draft): Generator<Problem> {
  const isPushed = draft.farp?.push?.enabled === true
  if (draft.farp !== undefined && draft.farp.enabled !== false && !isPushed && draft.discovery === undefined && !('discovery' in draft)) {
    yield {
      code: 'missing_discovery',
      path: ['farp'],
      message:
        'FARP finds services through discovery, and there is none; add "discovery: { backend: static }" with its services, let them register themselves (farp.push.enabled), or set farp.enabled to false',
    }
  }
  yield* checkBackends(draft)
  yield* checkBackendBlocks(draft)
  const seen = new Map<string, number>()
  for (const [index, service] of (draft.discovery?.static?.services ?? []).entries()) {
    if (service?.name === undefined || service.address === undefined || service.port === undefined) continue
    const key = JSON.stringify([service.name, service.address, service.port])
    const first = seen.get(key)
    if (first === undefined) seen.set(key, index)
    else {
      const message = `this instance of ${service.name} is already there as services[${first}]; remove one of them`
      yield { code: 'duplicate_instance', path: ['discovery', 'static', 'services', index], message }
    }
  }
}

function* checkBackends({ discovery }: Draft): Generator<Problem> {
  if (discovery === undefined) return
  const { backend, backends } = discovery
  const isNamed = 'backend' in discovery || 'backends' in discovery
  if (!isNamed) yield { code: 'missing_key', path: ['discovery', 'backend'], message: 'is missing; add it, for example "backend: static"' }
  if (backend !== undefined && backends !== undefined)
    yield { code: 'conflicting_keys', path: ['discovery', 'backends'], message: 'cannot be given beside "backend"; keep one of them' }
  const names = backends ?? (backend === undefined ? [] : [backend])
  for (const [index, name] of names.entries()) {
    if (name === undefined) continue
    if (names.indexOf(name) < index)
      yield { code: 'duplicate_name', path: ['discovery', 'backends', index], message: `names ${name} a second time; remove it` }
    else if (NEEDED.has(name) && !(name in discovery))
      yield { code: 'missing_key', path: ['discovery', name], message: `is missing, and the backend ${name} needs it` }
  }
}

/** Backends that cannot do without a block of their own. */
const NEEDED: ReadonlySet<string> = new Set(['dns', 'file', 'mdns', 'seeds'])
