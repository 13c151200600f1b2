import { ADMIN_PORT } from './admin.ts'
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
  for (const [one, other] of [
    ['cert', 'key'],
    ['key', 'cert'],
  ] as const) {
    if (!(one in tls) || other in tls) continue
    yield {
      code: 'missing_key',
      path: ['tls', other],
      message: `is missing; tls.${one} alone is no use: add the ${other === 'key' ? 'private key' : 'certificate'} that belongs to it`,
    }
  }
  if (!('cert' in tls) && !('key' in tls) && (tls.certificates ?? []).length === 0) {
    const message = 'is missing; the TLS listener needs a certificate: add tls.cert and tls.key, or set tls.enabled to false'
    yield { code: 'missing_key', path: ['tls', 'cert'], message }
  }
  const hosts = new Map<string, number>()
  for (const [index, certificate] of (tls.certificates ?? []).entries()) {
    for (const [place, host] of (certificate?.hosts ?? []).entries()) {
      if (host === undefined) continue
      const first = hosts.get(host.toLowerCase())
      if (first === undefined) hosts.set(host.toLowerCase(), index)
      else {
        const message = `${first === index ? 'is in this list already' : `certificates[${first}] is shown for this host already`}; remove one of them`
        yield { code: 'duplicate_name', path: ['tls', 'certificates', index, 'hosts', place], message }
      }
    }
    if (certificate?.hosts?.length === 0) {
      const message = 'needs at least one host; leave the key out for the names in the certificate'
      yield { code: 'invalid_value', path: ['tls', 'certificates', index, 'hosts'], message }
    }
  }
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
