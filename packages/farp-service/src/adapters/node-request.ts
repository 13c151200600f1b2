/** As much of Node's `IncomingMessage` as is read, with what Express adds. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly socket: { readonly localAddress?: string | undefined; readonly localPort?: number | undefined }
  readonly readableEnded?: boolean
}

const HOST = /^(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/

/** The path of a request for FARP, or `undefined`: the rest is none of the kit's business, and stays as cheap as it was. */
export function farpTarget(
  { url, originalUrl }: { readonly url?: string | undefined; readonly originalUrl?: string },
  webhook: string | undefined,
): string | undefined {
  const target = originalUrl ?? url ?? '/'
  const isEvent = webhook !== undefined && target.split('?', 1)[0] === webhook
  return target.startsWith('/_farp/') || isEvent ? target : undefined
}

/** A Web-standard request. `raw` is the body where a framework has read it. */
export function webRequest(request: NodeRequest, target: string, raw?: unknown): Request {
  const { method = 'GET', headers } = request
  const fields = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(':') || value === undefined) continue
    fields.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  const url = `${originOf(request)}${target}`
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers: fields })
  if (raw instanceof Uint8Array) return new Request(url, { method, headers: fields, body: Uint8Array.from(raw) })
  return new Request(url, { method, headers: fields, body: streamOf(request), duplex: 'half' })
}

/** What the request was sent to. A Host field that is no host does not reach a URL: the socket's own address stands for it. */
function originOf({ headers, socket }: NodeRequest): string {
  const scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http'
  const said = headers['host'] ?? headers[':authority']
  if (typeof said === 'string' && HOST.test(said) && URL.canParse(`${scheme}://${said}`)) return `${scheme}://${said}`
  const { localAddress = 'localhost', localPort } = socket
  const host = localAddress.includes(':') ? `[${localAddress.replace(/%.*$/, '')}]` : localAddress
  return `${scheme}://${host}${localPort === undefined ? '' : `:${localPort}`}`
}

function streamOf(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}
