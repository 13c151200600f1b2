import { expect, onTestFinished, test } from 'vitest'
import { handshake } from './support/client.ts'
import { running } from '../support/running.ts'
import { testCertificates } from '@octopus-gateway/testing'
import type { TLSSocket } from 'node:tls'
import type { TlsOptions } from '@octopus-gateway/node'

/** One of several processes behind a port, as far as sessions are concerned. */
async function listening(tls: Partial<TlsOptions>): Promise<number> {
  const { cert, key } = testCertificates().server
  const { server } = await running({}, { tls: { port: 0, certificates: [{ cert, key }], ...tls } })
  return server.tls!.port
}

async function sessionOf(port: number, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<Buffer> {
  const socket = await handshake(port, { maxVersion })
  if (maxVersion === 'TLSv1.2') return socket.getSession()!
  return new Promise((resolve) => {
    socket.once('session', resolve)
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  })
}

const resumes = async (port: number, session: Buffer, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<boolean> => {
  const socket: TLSSocket = await handshake(port, { session, maxVersion })
  onTestFinished(() => void socket.destroy())
  return socket.isSessionReused()
}

test.each(['TLSv1.2', 'TLSv1.3'] as const)('a session of %s goes on at another process with the same secret', async (version) => {
  const ticketSecret = Buffer.alloc(32, 1)
  const [one, two, stranger] = await Promise.all([listening({ ticketSecret }), listening({ ticketSecret }), listening({})])
  const session = await sessionOf(one, version)
  expect(await resumes(two, session, version)).toBe(true)
  expect(await resumes(stranger, session, version)).toBe(false)
})

test('a session that began under other certificates is over', async () => {
  const ticketSecret = Buffer.alloc(32, 1)
  const { cert, key } = testCertificates().issue({ names: ['localhost'] })
  const [one, renewed] = await Promise.all([listening({ ticketSecret }), listening({ ticketSecret, certificates: [{ cert, key }] })])
  const session = await sessionOf(one, 'TLSv1.3')
  expect(await resumes(renewed, session, 'TLSv1.3')).toBe(false)
})
