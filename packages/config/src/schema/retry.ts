import { whole } from './scalars.ts'
import { defaulted, later, optional } from './keys.ts'

const retries = (): ReturnType<typeof whole> => whole({ min: 0, max: 100 })

const RETRIES = 'Additional attempts for idempotent requests, each at another instance, within `timeout`.'
const REPEAT = 'An upstream that fails under load gets more of it.'

/** How attempts are repeated, for all requests. */
export const retry = {
  retries: defaulted(retries(), 3, { description: RETRIES, risk: REPEAT }),
  retry: later('When and how attempts are repeated.'),
  hedge: later('A second attempt before the first one failed.'),
}

/** The same for an upstream or a route. */
export const ownRetry = {
  retries: optional(retries(), { description: RETRIES, otherwise: 'as `routing.retries`', risk: REPEAT }),
  retry: later('When and how attempts are repeated.'),
  hedge: later('A second attempt before the first one failed.'),
}
