import { createGateway, staticDiscovery } from '@octopus-gateway/core'
import { createServer, METHODS, request } from 'node:http'
import { expect, test } from 'vitest'
import { farp } from '@octopus-gateway/farp'
import { serve } from '@octopus-gateway/node'
import type { AddressInfo } from 'node:net'
import type { IncomingMessage } from 'node:http'

const inline = (type: string, schema: object, more: object = {}): object => ({
  type,
  spec_version: '1',
  location: { type: 'inline' },
  inline_schema: schema,
  ...more,
})

/** Every language that makes routes over HTTP, as one service publishes them. */
const manifest = {
  version: '1.1.0',
  service_name: 'shop',
  service_version: '1.0.0',
  endpoints: { health: '/health' },
  schemas: [
    inline('openapi', {
      swagger: '2.0',
      info: { title: 'a', version: '1' },
      basePath: '/v2',
      paths: { '/pets/{id}': { get: { responses: {} } } },
    }),
    inline('openapi', { openapi: '3.2.0', info: { title: 'b', version: '1' }, paths: { '/search': { query: { responses: {} } } } }),
    inline('asyncapi', {
      asyncapi: '3.0.0',
      info: { title: 'c', version: '1' },
      servers: { live: { host: 'elsewhere.example.com', pathname: '/live', protocol: 'ws' }, bus: { host: 'kafka', protocol: 'kafka' } },
      channels: {
        chat: { address: 'chat/{room}', servers: [{ $ref: '#/servers/live' }], bindings: { ws: {} } },
        ticker: { address: '/ticker', bindings: { http: { method: 'GET' } } },
        orders: { address: '/orders', servers: [{ $ref: '#/servers/bus' }] },
      },
    }),
    inline(
      'orpc',
      { orpc: '1.0.0', procedures: { 'pet.find': {}, watch: { streaming: true } } },
      { metadata: { orpc: { batch_enabled: true } } },
    ),
  ],
}

async function startShop(): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer((incoming, response) => {
    if (incoming.url === '/_farp/manifest') response.end(JSON.stringify(manifest))
    else if (incoming.url === '/live/ticker' || incoming.url === '/ticker') {
      response.setHeader('content-type', 'text/event-stream')
      response.write('data: 1\n\n')
    } else response.end(`${incoming.method} ${incoming.url}`)
  })
  server.on('upgrade', (incoming: IncomingMessage, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n')
    socket.write(`sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nx-url: ${incoming.url}\r\n\r\n`)
    socket.on('data', (chunk) => socket.end(chunk))
    socket.on('error', () => socket.destroy())
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

/** What a WebSocket handshake brings: the path that the service saw, and the bytes that came back. */
function upgrade(origin: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    }
    const sent = request(origin + path, { headers })
    sent.on('response', ({ statusCode }) => reject(new Error(`answered ${statusCode}`)))
    sent.on('error', reject)
    sent.on('upgrade', (answer, socket) => {
      socket.on('data', (chunk: Buffer) => {
        resolve(`${String(answer.headers['x-url'])} ${chunk.toString()}`)
        socket.destroy()
      })
      socket.on('error', reject)
      socket.write('hello')
    })
    sent.end()
  })
}

test('every language that makes routes, through a gateway', async () => {
  await using shop = await startShop()
  const discovery = [staticDiscovery([{ name: 'shop', address: '127.0.0.1', port: shop.port }])]
  await using gateway = createGateway({ discovery, sources: [farp()] })
  await gateway.synced
  await using server = await serve(gateway, { port: 0, host: '127.0.0.1' })
  const body = async (path: string, method = 'GET'): Promise<string> => {
    const response = await fetch(`${server.url}/shop${path}`, { method })
    expect(response.status, path).toBe(200)
    return response.text()
  }
  // Swagger 2.0: the base path is where the service has its API.
  expect(await body('/pets/7')).toBe('GET /v2/pets/7')
  // oRPC: the endpoint, its procedures, batches because they are enabled; nothing that is not listed.
  expect(await body('/rpc', 'POST')).toBe('POST /rpc')
  expect(await body('/rpc/pet.find', 'POST')).toBe('POST /rpc/pet.find')
  expect(await body('/rpc/watch')).toBe('GET /rpc/watch')
  expect(await body('/rpc/__batch__', 'POST')).toBe('POST /rpc/__batch__')
  expect((await fetch(`${server.url}/shop/rpc/other`, { method: 'POST' })).status).toBe(404)
  // AsyncAPI: a WebSocket below its server's pathname, a stream of events, and no broker.
  expect(await upgrade(server.url, '/shop/chat/lobby')).toBe('/live/chat/lobby hello')
  const events = await fetch(`${server.url}/shop/ticker`)
  const reader = events.body!.getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: 1\n\n')
  await reader.cancel()
  expect((await fetch(`${server.url}/shop/orders`)).status).toBe(404)
  // OpenAPI 3.2: QUERY is routed; not every Node's server knows the method.
  const query = await gateway.request('/shop/search', { method: 'QUERY' })
  expect(query.status).toBe(METHODS.includes('QUERY') ? 200 : 400)
  expect((await gateway.request('/shop/search')).status).toBe(405)
})
