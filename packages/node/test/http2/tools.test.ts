import { describe, expect, test } from 'vitest'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { promisify } from 'node:util'
import { requireComponent } from '../../../../tests/support/components.ts'
import { running } from '../support/running.ts'
import { service, to } from '../support/upstreams.ts'
import { testCertificates } from '@octopus-gateway/testing'
import { tmpdir } from 'node:os'
import type { Server } from '@octopus-gateway/node'

const run = promisify(execFile)
const curl = requireComponent('curl')
const nghttp = requireComponent('nghttp')
const h2load = requireComponent('h2load')

async function serving(): Promise<{ server: Server; ca: string }> {
  const up = await service()
  const { ca, server: certificate } = testCertificates()
  const folder = mkdtempSync(join(tmpdir(), 'octopus-tools-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'ca.pem'), ca)
  const { server } = await running(to(up), { tls: { port: 0, certificates: [certificate] } })
  return { server, ca: join(folder, 'ca.pem') }
}

describe.skipIf(curl === undefined)('curl', () => {
  async function ask(...args: readonly string[]): Promise<{ version: string; body: Record<string, unknown> }> {
    const { stdout } = await run(curl!, ['-sS', '-m', '5', '-w', '\n%{http_version}', ...args])
    const cut = stdout.lastIndexOf('\n')
    return { version: stdout.slice(cut + 1), body: JSON.parse(stdout.slice(0, cut)) as Record<string, unknown> }
  }

  test('HTTP/2 and HTTP/1.1 over TLS, HTTP/2 by prior knowledge, and an upgrade to h2c that is not taken', async () => {
    const { server, ca } = await serving()
    const { url: secure } = server.tls!
    const body = ['-d', 'hello']
    expect(await ask('--cacert', ca, ...body, secure)).toMatchObject({ version: '2', body: { method: 'POST', body: 'hello' } })
    expect(await ask('--cacert', ca, '--http1.1', ...body, secure)).toMatchObject({ version: '1.1', body: { body: 'hello' } })
    expect(await ask('--http2-prior-knowledge', ...body, server.url)).toMatchObject({ version: '2', body: { body: 'hello' } })
    expect(await ask('--http2', ...body, server.url)).toMatchObject({ version: '1.1', body: { body: 'hello' } })
    expect(await ask('--http2', server.url)).toMatchObject({ version: '1.1', body: { method: 'GET' } })
  })
})

test.skipIf(nghttp === undefined)('nghttp: HTTP/2 over TLS and in the clear', async () => {
  const { server } = await serving()
  for (const url of [`${server.tls!.url}/x`, `${server.url}/x`]) {
    const { stdout } = await run(nghttp!, ['-v', '--no-verify-peer', url], { timeout: 5_000 })
    expect(stdout).toContain(':status: 200')
    expect(stdout).toContain('"url":"/x"')
  }
})

test.skipIf(h2load === undefined)('h2load: every one of two thousand requests succeeds', async () => {
  const { server } = await serving()
  for (const url of [server.url, server.tls!.url]) {
    const { stdout } = await run(h2load!, ['-n', '2000', '-c', '4', '-m', '20', url], { timeout: 15_000 })
    expect(stdout).toMatch(/requests: 2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed/)
    expect(stdout).toMatch(/status codes: 2000 2xx/)
  }
})
