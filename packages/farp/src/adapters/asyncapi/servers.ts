import { clean, withoutEndSlashes } from '../../text.ts'
import { ownText } from '../../json.ts'
import { toPathPattern } from '../path-pattern.ts'
import { withVariables } from '../server-variables.ts'
import type { JsonObject } from '../../json.ts'

/** Protocols that a gateway for HTTP can carry. */
const WEB: ReadonlySet<string> = new Set(['ws', 'wss', 'http', 'https', 'sse', ''])

/** Whether a server's protocol is one that clients reach through the gateway; a broker's is not. */
export function isWeb(protocol: string): boolean {
  return WEB.has(protocol)
}

/** A server's protocol, in lower case; empty when it says none. */
export function protocolOf(server: JsonObject): string {
  return clean((ownText(server, 'protocol') ?? '').toLowerCase(), 40)
}

/** The `pathname` of a server of version 3, as a prefix. */
export function prefixOfPathname(server: JsonObject): { readonly prefix: string; readonly problem: string | undefined } {
  const path = withVariables(ownText(server, 'pathname') ?? '', server)
  return checked(path, `the server's pathname "${clean(path, 100)}" is not a usable path`)
}

/**
 * The path of a server's `url` (version 2), as a prefix. Of an absolute URL nothing is taken: it is where the world finds the service, and a gateway
 * or a load balancer before it may have put its path there.
 */
export function prefixOfUrl(server: JsonObject): { readonly prefix: string; readonly problem: string | undefined } {
  const url = withVariables(ownText(server, 'url') ?? '', server)
  if (url.startsWith('/') && !url.startsWith('//')) return checked(url, `the server's url "${clean(url, 100)}" is not a usable path`)
  const path = /^[^/?#]*(\/[^?#]*[^/?#])/.exec(url.replace(/^(?:[a-z][a-z0-9+.-]*:)?\/\//i, ''))?.[1]
  return {
    prefix: '',
    problem:
      path === undefined
        ? undefined
        : `the server's url is absolute, so its path ${clean(path, 100)} is not used; make it relative if the service has its channels there`,
  }
}

function checked(text: string, problem: string): { readonly prefix: string; readonly problem: string | undefined } {
  const path = `/${withoutEndSlashes(text.replace(/^\/+/, ''))}`
  if (path === '/') return { prefix: '', problem: undefined }
  const isUsable = !/[{}]/.test(path) && !('problem' in toPathPattern(path))
  return isUsable ? { prefix: path, problem: undefined } : { prefix: '', problem }
}
