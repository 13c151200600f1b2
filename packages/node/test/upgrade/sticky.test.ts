import { expect, test } from 'vitest'
import { rawTunnel } from './support/raw.ts'
import { running } from '../support/running.ts'
import { webSocketService } from './support/peers.ts'

const cookieIn = (head: string): string | undefined => /^set-cookie: (at=.*)$/im.exec(head)?.[1]

test('a handshake sets the sticky cookie, and brings its client back', async () => {
  const services = await Promise.all([webSocketService(), webSocketService(), webSocketService()])
  const { port } = await running({
    upstreams: { up: { endpoints: services.map(({ origin }) => origin), sticky: { cookie: 'at' } } },
    routes: [{ path: '/*', upstream: 'up' }],
    trustedProxies: ['127.0.0.0/8'],
  })
  const first = await rawTunnel(port, '/', { 'X-Forwarded-Proto': 'https' })
  const cookie = cookieIn(first.head)
  expect(cookie).toMatch(/^at=[\w-]{12}; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
  const home = services.findIndex(({ handshakes }) => handshakes.length === 1)
  for (let i = 0; i < 4; i++) expect(cookieIn((await rawTunnel(port, '/', { Cookie: cookie!.split(';')[0]! })).head)).toBeUndefined()
  expect(services.map(({ handshakes }) => handshakes.length)).toEqual([0, 1, 2].map((i) => (i === home ? 5 : 0)))
  expect(cookieIn((await rawTunnel(port)).head)).toMatch(/SameSite=Lax$/)
})
