import { describe, expect, it } from 'vitest'
import { hono, start, through } from '../../test/support/web.ts'
import type { Handler } from '../../test/support/web.ts'
import type { MiddlewareHandler } from 'hono'

describe('[R24] bodies that a middleware has read', () => {
  const echo: Handler = async (request) => {
    const bytes = new Uint8Array(await request.arrayBuffer())
    return new Response(bytes, { headers: { 'x-type': request.headers.get('content-type') ?? '-' } })
  }
  const form = new FormData()
  form.set('a', 'ü')
  form.set('file', new Blob([new Uint8Array([0, 255, 13, 10])]), 'f.bin')

  it.each<[string, (c: Parameters<MiddlewareHandler>[0]) => Promise<unknown>, string, Uint8Array<ArrayBuffer>]>([
    ['json', (c) => c.req.json(), 'application/json', new TextEncoder().encode('{ "a" :  1.0 }')],
    ['text', (c) => c.req.text(), 'text/plain', new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff, 0xfe])],
    ['arrayBuffer', (c) => c.req.arrayBuffer(), 'application/octet-stream', new Uint8Array([0, 1, 254, 255])],
    ['urlencoded form', (c) => c.req.parseBody(), 'application/x-www-form-urlencoded', new TextEncoder().encode('a=%41&b=+')],
    ['raw clone', (c) => c.req.raw.clone().text(), 'text/plain', new TextEncoder().encode('clone me')],
  ])('[R24] %s: the POST does not hang and the upstream gets the same bytes', async (_name, read, type, bytes) => {
    const { gateway } = start(echo, [hono(async (c, next) => (await read(c), next()))])
    const response = await gateway.request('/', { method: 'POST', body: bytes, headers: { 'content-type': type } })
    expect(response.headers.get('x-type')).toBe(type)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
  })

  it('[R24] multipart: the boundary stays the one of the client', async () => {
    const { gateway } = start(echo, [hono(async (c, next) => (expect((await c.req.parseBody())['a']).toBe('ü'), next()))])
    const sent = new Request('http://gateway.test/', { method: 'POST', body: form })
    const bytes = await sent.clone().arrayBuffer()
    const response = await gateway.fetch(sent)
    expect(response.headers.get('x-type')).toBe(sent.headers.get('content-type'))
    expect(await response.arrayBuffer()).toEqual(bytes)
  })

  it('[R24] an untouched body streams: the upstream sees its first piece before the last is sent', async () => {
    let finishUpload = (): void => {}
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode('first'))
        await new Promise<void>((resolve) => (finishUpload = resolve))
        controller.close()
      },
    })
    const up: Handler = async (request) => {
      const { value } = await request.body!.getReader().read()
      return new Response(value)
    }
    const { gateway } = start(up, [hono(through)])
    const response = await gateway.request('/', { method: 'POST', body, duplex: 'half' } as RequestInit)
    expect(await response.text()).toBe('first')
    finishUpload()
  })

  it('a body over the limit is refused with 413', async () => {
    const { gateway } = start(echo, [hono(through)], { limits: { body: 10 } })
    expect((await gateway.request('/', { method: 'POST', body: 'x'.repeat(11) })).status).toBe(413)
    expect((await gateway.request('/', { method: 'POST', body: 'x'.repeat(10) })).status).toBe(200)
  })
})
