import type { Draft } from './draft.ts'
import type { Problem } from '../report/issues.ts'

type DraftUpstream = NonNullable<NonNullable<Draft['upstreams']>[number]>

/** Which kind of check looks at a key. */
const OWNERS = { path: 'http', statuses: 'http', body: 'http', service: 'grpc' } as const

/** Keys of a check that its kind does not look at. */
export function* checkHealth({ health_check: check }: DraftUpstream): Generator<Problem> {
  if (check === undefined || ('type' in check && check.type === undefined)) return
  const { type = 'http' } = check
  for (const [key, owner] of Object.entries(OWNERS)) {
    if (key in check && type !== owner)
      yield {
        code: 'conflicting_keys',
        path: ['health_check', key],
        message: `is looked at by checks of type ${owner} only, and this one is ${type}; remove it`,
      }
  }
}
