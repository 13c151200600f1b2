import { cookieOf } from '../exchange/cookies.ts'
import { hashText } from '../hash.ts'
import { networkOf } from '../exchange/network.ts'
import type { HashKey } from './balancing.ts'
import type { RequestContext } from '../exchange/context.ts'

/** The digest of what is hashed of a request; `undefined` when the request does not have it. */
export type HashOf = (ctx: RequestContext) => number | undefined

export function hashOf(key: HashKey): HashOf {
  if (key === 'ip') return byAddress
  if (key === 'uri') return byPath
  const name = key.slice(key.indexOf(':') + 1)
  if (key.startsWith('cookie:')) return (ctx) => digest(cookieOf(ctx.request.headers, name))
  const lower = name.toLowerCase()
  return (ctx) => digest(ctx.request.headers.getAll(lower))
}

function digest(text: string | undefined): number | undefined {
  return text === undefined || text === '' ? undefined : hashText(text)
}

function byAddress({ client: { ip } }: RequestContext): number | undefined {
  return digest(networkOf(ip))
}

function byPath({ request: { target } }: RequestContext): number {
  const question = target.indexOf('?')
  return hashText(target, question === -1 ? target.length : question)
}
