import type { Draft } from './draft.ts'
import type { Problem } from '../report/issues.ts'

/** The port of the admin listener when nobody says another. */
export const ADMIN_PORT = 9090

/** The admin listener: one port, and no open door beyond this machine. */
export function* checkAdmin(draft: Draft): Generator<Problem> {
  const { admin, server } = draft
  if (admin?.enabled === false) return
  const address = admin?.address
  if (address?.port !== undefined && server?.admin_port !== undefined && address.port !== server.admin_port) {
    const message = `names port ${address.port}, and server.admin_port names ${server.admin_port}; give one of them, or both the same`
    yield { code: 'conflicting_keys', path: ['admin', 'address'], message }
  }
  const port = address?.port ?? server?.admin_port ?? ADMIN_PORT
  if (port !== 0 && port === server?.http_port) {
    const message = `the traffic listener and the admin listener both want port ${port}; change server.http_port or server.admin_port`
    yield { code: 'conflicting_keys', path: ['server', 'http_port'], message }
  }
  const open = admin?.allow_unauthenticated === true
  // An auth block with a mistake in it was meant to be there: its own issue is enough.
  const authenticated = admin !== undefined && 'auth' in admin
  if (open && authenticated) {
    const message = 'contradicts admin.auth, which is given too; remove one of them'
    yield { code: 'conflicting_keys', path: ['admin', 'allow_unauthenticated'], message }
  }
  if (address?.host !== undefined && !isLoopback(address.host) && !authenticated && !open) {
    const message =
      `${address.host} can be reached from other machines, and anybody could read routes, addresses and documents; ` +
      'add admin.auth, keep to 127.0.0.1, or set admin.allow_unauthenticated to true'
    yield { code: 'unauthenticated_admin', path: ['admin', 'address'], message }
  }
}

/** Whether only this machine reaches the host. */
export function isLoopback(host: string): boolean {
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host) || host === '::1' || /^localhost\.?$/i.test(host)
}
