import { callOf, collected, ending } from '../support/calls.ts'
import { expect, onTestFinished, test } from 'vitest'
import { freePort, Program, waitFor } from '../../../../../tests/support/process.ts'
import { H2Wire } from '../../../src/http2-client/wire.ts'
import { connect } from 'node:net'
import { join } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { requireComponent } from '../../../../../tests/support/components.ts'
import { testCertificates } from '@octopus-gateway/testing'
import { tmpdir } from 'node:os'
import type { Transport } from '@octopus-gateway/core'

const nghttpd = requireComponent('nghttpd')
const FILE = Buffer.alloc(300_000, 'nghttp2 ')

test.skipIf(nghttpd === undefined).each([
  ['h2c', false],
  ['TLS', true],
])('nghttpd as an upstream over %s', async (_name, tls) => {
  const folder = mkdtempSync(join(tmpdir(), 'octopus-nghttpd-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const { ca, server } = testCertificates()
  for (const [name, content] of Object.entries({ file: FILE, key: server.key, cert: server.cert }))
    writeFileSync(join(folder, name), content)
  const port = await freePort()
  const common = ['-a', '127.0.0.1', '-d', folder, '--trailer', 'x-sum: abc', '--echo-upload', '-m', '4', String(port)]
  const program = new Program(nghttpd!, tls ? [...common, join(folder, 'key'), join(folder, 'cert')] : ['--no-tls', ...common])
  onTestFinished(() => program[Symbol.asyncDispose]())
  await waitFor('a listening nghttpd', () => isListening(port))

  const transport: Transport = tls ? { protocol: 'auto', tls: { ca } } : { protocol: 'h2c', tls: null }
  const wire = ending(new H2Wire())
  const ask = (more: object) =>
    collected(wire.send(callOf({ origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, transport, ...more })).answer)

  const file = await ask({ target: '/file' })
  expect([file.status, file.body.equals(FILE), file.trailers?.get('x-sum')]).toEqual([200, true, 'abc'])
  const head = await ask({ target: '/file', method: 'HEAD' })
  expect([head.status, head.headers.get('content-length'), head.body.length]).toEqual([200, String(FILE.length), 0])
  expect((await ask({ target: '/missing' })).status).toBe(404)
  const echoed = await ask({ target: '/up', method: 'POST', body: FILE })
  expect(echoed.body.equals(FILE)).toBe(true)
  // Over its four streams each.
  const many = await Promise.all(Array.from({ length: 60 }, () => ask({ target: '/file' })))
  expect(many.every(({ status, body }) => status === 200 && body.length === FILE.length)).toBe(true)
})

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
