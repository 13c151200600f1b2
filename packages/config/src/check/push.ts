import { certificateName } from '@octopus-gateway/core'
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
  yield* checkNames(push.client_certificates)
  const isByCertificate = push.client_certificates !== undefined && push.client_certificates !== false
  // A block with a mistake in it was meant to be there: its own issue is enough.
  const isAsked =
    admin?.tls === undefined ? admin !== undefined && 'tls' in admin : admin.tls.enabled !== false && 'client_auth' in admin.tls
  if (isByCertificate && !isAsked && admin?.enabled !== false) {
    const message =
      'would never be seen: the admin listener asks nobody for a certificate; add admin.tls with cert, key and client_auth, or remove it'
    yield { code: 'conflicting_keys', path: ['farp', 'push', 'client_certificates'], message }
  }
  const isGuarded = (push.tokens?.length ?? 0) > 0 || (push.allow_from?.length ?? 0) > 0 || isByCertificate
  if (host !== undefined && !isLoopback(host) && !isGuarded) {
    const message = `registrations would need no credential, and the admin listener at ${host} can be reached from other machines; add farp.push.tokens, farp.push.client_certificates or farp.push.allow_from`
    yield { code: 'unauthenticated_push', path: ['farp', 'push'], message }
  }
}

/** Of several entries the first counts that fits: a second one of the same name never would. */
function* checkNames(given: NonNullable<NonNullable<Draft['farp']>['push']>['client_certificates']): Generator<Problem> {
  if (typeof given !== 'object') return
  const path = ['farp', 'push', 'client_certificates']
  if (given.length === 0) yield { code: 'invalid_value', path, message: 'needs at least one name; write false, or leave it out, for none' }
  const seen = new Map<string, number>()
  for (const [index, entry] of given.entries()) {
    const name = certificateName(entry?.name ?? '')
    if (name === undefined) continue
    const first = seen.get(name)
    if (first === undefined) seen.set(name, index)
    else {
      const message = `names what client_certificates[${first}] names already; put all services there and remove one of them`
      yield { code: 'duplicate_name', path: [...path, index], message }
    }
  }
}
