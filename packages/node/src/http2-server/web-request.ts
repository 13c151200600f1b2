import type { Context } from '@octopus-gateway/core/lane'

/** A request on a stream as a `Request` for middlewares. */
export function webRequest(ctx: Context, body: ReadableStream<Uint8Array> | null): Request {
  const { method, target, headers: list } = ctx.request
  const headers = new Headers()
  for (const [name, value] of list) headers.append(name, value)
  const scheme = ctx.peer.secure ? 'https' : 'http'
  const url = `${scheme}://${list.get('host') ?? 'gateway.invalid'}${target}`
  // The Fetch standard knows no TRACE; the true method is what middlewares must see.
  const isTrace = method === 'TRACE'
  const init: RequestInit & { duplex?: 'half' } = { method: isTrace ? 'GET' : method, headers, signal: ctx.signal }
  if (body !== null && method !== 'GET' && method !== 'HEAD' && !isTrace) Object.assign(init, { body, duplex: 'half' })
  const request = new Request(url, init)
  return isTrace ? Object.defineProperty(request, 'method', { value: method }) : request
}
