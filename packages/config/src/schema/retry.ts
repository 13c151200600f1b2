import { bytes, duration, share, whole } from './scalars.ts'
import { defaulted, list, optional, required, section } from './keys.ts'
import { grpcStatus } from './grpc-status.ts'
import { orFalse } from './either.ts'

const retries = (): ReturnType<typeof whole> => whole({ min: 0, max: 100 })
const status = (): ReturnType<typeof whole> => whole({ min: 400, max: 599, name: 'status' })

const DOC = {
  retries: {
    description: 'Additional attempts for idempotent requests, each at another instance, within `timeout`.',
    risk: 'An upstream that fails under load gets more of it.',
  },
  retry: { description: 'When and how attempts are repeated.' },
  budget: {
    description:
      'The share of the requests of the last ten seconds that may be repeated, counted for all routes of an upstream; 10 repetitions a second are always allowed. Attempts that could not connect do not count. With `0%` only those are repeated.',
    risk: 'A high share multiplies the load of an upstream that fails.',
  },
  backoff: {
    description:
      'The pause before another attempt is random, up to this; the limit doubles each time. After a connection that could not be made the first is none.',
  },
  maxBackoff: { description: 'The longest such pause. A `Retry-After` of the upstream counts instead where it fits into `timeout`.' },
  statuses: { description: 'With these statuses an upstream is taken to have failed: idempotent requests are sent to another instance.' },
  grpcStatuses: {
    description:
      'Calls of gRPC that ended with these before any message are made again, as `UNAVAILABLE` or by number. Calls that the upstream never looked at always are.',
    risk: 'A call that is not idempotent may take effect twice.',
  },
  maxBody: {
    description:
      'A request body up to this size is kept until its answer begins, so that it can be sent again. For gRPC at least 256KiB. All of them together have 32MiB.',
  },
  perTry: { description: 'Longest time for the head of one attempt, where another can follow.', otherwise: 'none' },
  hedge: {
    description:
      'For idempotent requests: another attempt at another instance beside one that is slow; the first good answer counts. `false` for none.',
    risk: 'Slow because busy becomes busier: choose a delay that few requests reach.',
  },
} as const

const hedge = section({
  delay: required(duration(), { description: 'How long an attempt may take before another is made beside it, up to 25ms late.' }),
  max: defaulted(whole({ min: 1, max: 10 }), 1, { description: 'Attempts beside the first one.' }),
})

/** How attempts are repeated, for all requests. */
export const retry = {
  retries: defaulted(retries(), 3, DOC.retries),
  retry: defaulted(
    section({
      budget: defaulted(share(), '20%', DOC.budget),
      backoff: defaulted(duration('0s'), '25ms', DOC.backoff),
      max_backoff: defaulted(duration('0s'), '1s', DOC.maxBackoff),
      statuses: defaulted(list(status()), [502, 503, 504], DOC.statuses),
      grpc_statuses: defaulted(list(grpcStatus()), [], DOC.grpcStatuses),
      max_body: defaulted(bytes(), '64KiB', DOC.maxBody),
      per_try_timeout: optional(duration(), DOC.perTry),
    }),
    {},
    DOC.retry,
  ),
  hedge: optional(orFalse(hedge), { ...DOC.hedge, otherwise: 'none' }),
}

/** The same for an upstream or a route. */
export const ownRetry = {
  retries: optional(retries(), { ...DOC.retries, otherwise: 'as `routing.retries`' }),
  retry: optional(
    section({
      budget: optional(share(), { ...DOC.budget, otherwise: 'as `routing.retry.budget`' }),
      backoff: optional(duration('0s'), { ...DOC.backoff, otherwise: 'as `routing.retry.backoff`' }),
      max_backoff: optional(duration('0s'), { ...DOC.maxBackoff, otherwise: 'as `routing.retry.max_backoff`' }),
      statuses: optional(list(status()), { ...DOC.statuses, otherwise: 'as `routing.retry.statuses`' }),
      grpc_statuses: optional(list(grpcStatus()), { ...DOC.grpcStatuses, otherwise: 'as `routing.retry.grpc_statuses`' }),
      max_body: optional(bytes(), { ...DOC.maxBody, otherwise: 'as `routing.retry.max_body`' }),
      per_try_timeout: optional(duration(), { ...DOC.perTry, otherwise: 'as `routing.retry.per_try_timeout`' }),
    }),
    DOC.retry,
  ),
  hedge: optional(orFalse(hedge), { ...DOC.hedge, otherwise: 'as `routing.hedge`' }),
}
