import type { Draft } from './draft.ts'
import type { Problem } from '../report/issues.ts'

type DraftUpstream = NonNullable<NonNullable<Draft['upstreams']>[number]>

/** Which kind of check looks at a key. */
const OWNERS = { path: 'http', statuses: 'http', body: 'http', service: 'grpc' } as const

/** Settings of an upstream that nothing would come of. */
export function* checkHealth(upstream: DraftUpstream, { routing }: Draft): Generator<Problem> {
  yield* checkKind(upstream)
  const { concurrency } = upstream
  if (concurrency !== undefined && !('max' in concurrency) && (routing?.concurrency === undefined || !('max' in routing.concurrency)))
    yield NO_LIMIT
}

/** The same of `routing`: a queue is for upstreams that have a limit, its own or that of `routing`. */
export function* checkSharedHealth({ routing, upstreams }: Draft): Generator<Problem> {
  const concurrency = routing?.concurrency
  if (concurrency === undefined || 'max' in concurrency) return
  if (!(upstreams ?? []).some((one) => one?.concurrency !== undefined && 'max' in one.concurrency))
    yield { ...NO_LIMIT, path: ['routing', ...NO_LIMIT.path] }
}

const NO_LIMIT: Problem = {
  code: 'missing_key',
  path: ['concurrency'],
  message: 'sets no limit: a queue without one never begins; add max',
}

/** Keys of a check that its kind does not look at. */
function* checkKind({ health_check: check }: DraftUpstream): Generator<Problem> {
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
