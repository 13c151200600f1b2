import { ADMIN_PORT } from './admin.ts'
import { checkCertificates } from './certificates.ts'
import type { Draft } from './draft.ts'
import type { Problem } from '../report/issues.ts'

/** The port of the TLS listener when nobody says another. */
export const HTTPS_PORT = 8443

/** The TLS listener: a certificate for it, with its key, and a port of its own. */
export function* checkTls(draft: Draft): Generator<Problem> {
  const { tls, server } = draft
  if (!('tls' in draft)) {
    if (server?.https_port === undefined) return
    const message = 'is the port of the TLS listener, and there is none; add tls with cert and key, or remove it'
    yield { code: 'conflicting_keys', path: ['server', 'https_port'], message }
    return
  }
  if (tls === undefined || tls.enabled === false) return
  yield* checkPorts(draft)
  yield* checkCertificates(tls, { at: ['tls'], needs: 'the TLS listener needs' })
}

function* checkPorts({ server, admin }: Draft): Generator<Problem> {
  const port = server?.https_port ?? HTTPS_PORT
  if (port === 0) return
  const path = ['server', 'https_port']
  if (port === server?.http_port) {
    yield {
      code: 'conflicting_keys',
      path,
      message: `TLS and plain HTTP both want port ${port}; change server.https_port or server.http_port`,
    }
  }
  if (admin?.enabled !== false && port === (admin?.address?.port ?? server?.admin_port ?? ADMIN_PORT)) {
    yield {
      code: 'conflicting_keys',
      path,
      message: `TLS and the admin listener both want port ${port}; change server.https_port or server.admin_port`,
    }
  }
}
