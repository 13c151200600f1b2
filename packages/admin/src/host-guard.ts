import { hostName, isLoopbackAddress, isLoopbackHost } from './connection.ts'
import { problem } from './answers.ts'
import type { Connection } from './connection.ts'

/**
 * Without authentication, a listener on the loopback interface is protected by nothing but its address, and a web page can get past
 * that: its own name is pointed at 127.0.0.1 (DNS rebinding) and the browser takes the answers for the page's. Such a request
 * carries the page's name in Host, so only names that always mean this machine, and those the operator lists, are answered.
 * A server that does not tell the address it listens on is taken for one on the loopback interface.
 */
export function refuseForeignHost(request: Request, connection: Connection, allowed: ReadonlySet<string>): Response | undefined {
  if (connection.local !== undefined && !isLoopbackAddress(connection.local)) return undefined
  const host = hostName(request.headers.get('host') ?? new URL(request.url).host)
  if (host !== undefined && (isLoopbackHost(host) || allowed.has(host))) return undefined
  return problem({
    status: 421,
    code: 'FOREIGN_HOST_NAME',
    title: 'The admin API is not answered under this host name',
    detail: 'Use localhost or a loopback address, configure authentication (admin.auth), or list the name in allowedHosts.',
  })
}
