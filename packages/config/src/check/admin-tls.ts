import { checkCertificates } from './certificates.ts'
import type { Draft } from './draft.ts'
import type { Problem } from '../report/issues.ts'

/** TLS of the admin listener: a certificate with its key, and nobody asked for one that no key looks at. */
export function* checkAdminTls({ admin, farp }: Draft): Generator<Problem> {
  const tls = admin?.tls
  if (tls === undefined || tls.enabled === false || admin?.enabled === false) return
  yield* checkCertificates(tls, { at: ['admin', 'tls'], needs: 'the admin listener needs' })
  const isLookedAt = farp?.enabled !== false && farp?.push?.enabled === true && farp.push.client_certificates !== false
  if (tls.client_auth?.mode === 'optional' && !isLookedAt) {
    const message =
      'leaves it to farp.push.client_certificates what a certificate opens, and no certificate opens anything there; ' +
      'set it to required, name certificates there, or remove admin.tls.client_auth'
    yield { code: 'conflicting_keys', path: ['admin', 'tls', 'client_auth', 'mode'], message }
  }
}
