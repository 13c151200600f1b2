import { describe, expect, test } from 'vitest'
import { openClient, webSocketService } from './support/peers.ts'
import { rawRequest } from '@octopus-gateway/testing'
import { running } from '../support/running.ts'
import { service, to } from '../support/upstreams.ts'

describe('[R25] a handshake goes through as it came', () => {
  test('query, origin, cookies, every subprotocol; the one chosen comes back', async () => {
    const up = await webSocketService(undefined, {
      handleProtocols: (protocols) => [...protocols][1] ?? false,
    })
    const { port } = await running(to(up))
    const client = await openClient(port, '/chat/room?token=a%20b&x=1&x=2', {
      protocols: ['chat.v1', 'chat.v2', 'chat.v3'],
      origin: 'https://shop.test',
      headers: { cookie: 'sid=1', 'x-own': 'yes' },
    })
    expect(client.socket.protocol).toBe('chat.v2')
    const { url, headers } = up.handshakes[0]!
    expect(url).toBe('/chat/room?token=a%20b&x=1&x=2')
    expect(headers).toMatchObject({
      'sec-websocket-protocol': 'chat.v1,chat.v2,chat.v3',
      origin: 'https://shop.test',
      cookie: 'sid=1',
      'x-own': 'yes',
      'x-forwarded-for': '127.0.0.1',
      via: '1.1 octopus',
    })
    client.socket.send('hello')
    expect(await client.next()).toBe('hello')
  })
})
