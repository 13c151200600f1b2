import type { Draft } from './draft.ts'
import type { Problem } from '../report/issues.ts'

const PROBES = ['liveness', 'readiness', 'startup'] as const

/** Probes: a path each. */
export function* checkProbes({ server }: Draft): Generator<Problem> {
  const probes = server?.probes
  if (probes === undefined || probes.enabled === false) return
  const first = new Map<string, string>()
  for (const probe of PROBES) {
    const path = probes[probe]
    if (path === undefined) continue
    const other = first.get(path)
    if (other === undefined) first.set(path, probe)
    else {
      const message = `is ${path}, which is the path of the ${other} probe already; change server.probes.${probe} or server.probes.${other}`
      yield { code: 'conflicting_keys', path: ['server', 'probes', probe], message }
    }
  }
}
