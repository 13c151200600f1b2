import type { CompiledPhases, Phases } from './phases.ts'
import type { Hooks } from './plugin.ts'

const REVERSED = new Set<keyof Phases>(['onUpstreamResponse', 'onResponse', 'transform'])
const PHASES = [
  'onPreflight',
  'onRequest',
  'onUpstreamRequest',
  'onUpstreamResponse',
  'onResponse',
  'transform',
  'onError',
  'onFinish',
] as const satisfies readonly (keyof Phases)[]

/** The phases of a list of plugins: forward on the way in, backward on the way out, `null` where nobody listens. */
export function compilePhases(hooks: readonly Hooks[]): CompiledPhases {
  const compiled: Partial<Record<keyof Phases, readonly unknown[] | null>> = {}
  for (const phase of PHASES) {
    const list = hooks.filter((hook) => hook[phase] !== undefined).map((hook) => hook[phase]!.bind(hook as never))
    if (REVERSED.has(phase)) list.reverse()
    compiled[phase] = list.length === 0 ? null : list
  }
  return compiled as CompiledPhases
}
