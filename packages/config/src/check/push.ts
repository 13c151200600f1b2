import { isLoopback } from './admin.ts'
import type { Draft } from './draft.ts'
import type { Problem } from '../report/issues.ts'

/** Registrations: a listener that takes them, and nobody who may register by merely reaching it. */
export function* checkPush({ farp, admin }: Draft): Generator<Problem> {
  const push = farp?.push
  if (push?.enabled !== true || farp?.enabled === false) return
  if (admin?.enabled === false) {
    const message = 'are taken on the admin listener, and admin.enabled is false; switch the listener on, or farp.push off'
    yield { code: 'conflicting_keys', path: ['farp', 'push', 'enabled'], message: `registrations ${message}` }
  }
  const host = admin?.address?.host
  const isGuarded = (push.tokens?.length ?? 0) > 0 || (push.allow_from?.length ?? 0) > 0
  if (host !== undefined && !isLoopback(host) && !isGuarded) {
    const message = `registrations would need no credential, and the admin listener at ${host} can be reached from other machines; add farp.push.tokens or farp.push.allow_from`
    yield { code: 'unauthenticated_push', path: ['farp', 'push'], message }
  }
}
