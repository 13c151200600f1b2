import type { Draft } from './draft.ts'
import type { Problem } from '../report/issues.ts'

/** Discovery and what builds on it. */
export function* checkDiscovery(draft: Draft): Generator<Problem> {
  if (draft.farp !== undefined && draft.farp.enabled !== false && draft.discovery === undefined && !('discovery' in draft)) {
    yield {
      code: 'missing_discovery',
      path: ['farp'],
      message:
        'FARP finds services through discovery, and there is none; add "discovery: { backend: static }" with its services, or set farp.enabled to false',
    }
  }
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
