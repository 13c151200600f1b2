import { describe, expect, onTestFinished, test } from 'vitest'
import { get, handshake } from './support/client.ts'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { running } from '../support/running.ts'
import { service, to } from '../support/upstreams.ts'
import { testCertificates, waitFor } from '@octopus-gateway/testing'
import { tmpdir } from 'node:os'
import { X509Certificate } from 'node:crypto'
import type { Logger } from '@octopus-gateway/core'
import type { TestCertificate } from '@octopus-gateway/testing'

const { issue } = testCertificates()

function fingerprint({ cert }: TestCertificate): string {
  return new X509Certificate(cert).fingerprint256
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'octopus-tls-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

function write(path: string, { cert, key }: TestCertificate): { cert: string; key: string } {
  const files = { cert: join(path, 'tls.crt'), key: join(path, 'tls.key') }
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
  return files
}

/** A logger that keeps what it is told. */
function recorder(): Logger & { readonly lines: { level: string; message: string }[] } {
  const lines: { level: string; message: string }[] = []
  const at = (level: string) => (message: string) => void lines.push({ level, message })
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

describe('several certificates', () => {
  const first = issue({ names: ['localhost'] })
  const shop = issue({ names: ['shop.test', '*.shop.test'] })
  const other = issue({ names: ['other.test'], commonName: 'common.test' })

  async function shown(port: number, servername: string): Promise<string> {
    return (await handshake(port, { servername, checkServerIdentity: () => undefined })).getPeerX509Certificate()!.fingerprint256
  }

  test('SNI chooses by the names in the certificate: exact, one label of a wildcard, otherwise the first', async () => {
    const { server } = await running({ routes: [] }, { tls: { port: 0, certificates: [first, shop, other] } })
    const { port } = server.tls!
    const expected: [string, TestCertificate][] = [
      ['localhost', first],
      ['shop.test', shop],
      ['SHOP.test', shop],
      ['www.shop.test', shop],
      ['a.www.shop.test', first],
      ['other.test', other],
      ['common.test', first],
      ['nobody.test', first],
    ]
    for (const [name, certificate] of expected) expect([name, await shown(port, name)]).toEqual([name, fingerprint(certificate)])
    expect(await shown(port, '')).toBe(fingerprint(first))
  })

  test('`hosts` takes the place of the names, and of two for one host the earlier counts', async () => {
    const certificates = [
      { ...first, hosts: ['a.test'] },
      { ...shop, hosts: ['*.b.test', 'a.test'] },
    ]
    const { server } = await running({ routes: [] }, { tls: { port: 0, certificates } })
    const { port } = server.tls!
    expect(await shown(port, 'x.b.test')).toBe(fingerprint(shop))
    expect(await shown(port, 'a.test')).toBe(fingerprint(first))
    expect(await shown(port, 'shop.test')).toBe(fingerprint(first))
  })

  test('a host with another certificate than the one shown is 421, one with the same is served', async () => {
    const up = await service()
    const { server } = await running(to(up), { tls: { port: 0, certificates: [first, shop, other] } })
    const ask = async (servername: string, host: string): Promise<number> => (await get(server.tls!.port, { servername, host })).status
    expect(await ask('shop.test', 'www.shop.test')).toBe(200)
    expect(await ask('shop.test', 'shop.test:8443')).toBe(200)
    expect(await ask('shop.test', 'other.test')).toBe(421)
    expect(await ask('shop.test', 'nobody.test')).toBe(421)
    expect(await ask('other.test', 'SHOP.TEST')).toBe(421)
    expect(up.count).toBe(2)
    const refused = await get(server.tls!.port, { servername: 'shop.test', host: 'other.test' })
    expect(refused.json()).toMatchObject({ code: 'MISDIRECTED', status: 421 })
  })

  test('421 also over HTTP/2, and the connection serves its own host on', async () => {
    const up = await service()
    const { server } = await running(to(up), { tls: { port: 0, certificates: [shop, other] } })
    const { connect } = await import('node:http2')
    const socket = await handshake(server.tls!.port, { servername: 'shop.test', ALPNProtocols: ['h2'] })
    const session = connect('https://shop.test', { createConnection: () => socket })
    onTestFinished(() => session.destroy())
    const status = async (authority: string): Promise<unknown> => {
      const stream = session.request({ ':authority': authority })
      stream.resume()
      const [head] = (await once(stream, 'response')) as [Record<string, unknown>]
      return head[':status']
    }
    expect([await status('other.test'), await status('shop.test'), await status('www.shop.test')]).toEqual([421, 200, 200])
  })

  test('with one certificate every host is served, and so is every host for a client without SNI', async () => {
    const up = await service()
    const one = await running(to(up), { tls: { port: 0, certificates: [first] } })
    expect((await get(one.server.tls!.port, { host: 'nobody.test' })).status).toBe(200)
    const two = await running(to(up), { tls: { port: 0, certificates: [first, shop] } })
    const silent = await get(two.server.tls!.port, { servername: '', host: 'shop.test', checkServerIdentity: () => undefined })
    expect(silent.status).toBe(200)
  })
})

describe('reload', () => {
  const before = issue({ names: ['localhost'] })
  const after = issue({ names: ['localhost'] })

  test('new files are shown to new connections; one that is open goes on', async () => {
    const up = await service()
    const path = folder()
    const { server } = await running(to(up), { tls: { port: 0, certificates: [write(path, before)] } })
    const { port } = server.tls!
    const kept = await handshake(port)
    expect((await get(port)).fingerprint).toBe(fingerprint(before))
    write(path, after)
    await waitFor(async () => (await get(port)).fingerprint === fingerprint(after), { timeout: 3000 })
    kept.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const [answer] = (await once(kept, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200/)
  })

  test('a file that is put in the place of another by a rename is seen', async () => {
    const path = folder()
    const { server } = await running({ routes: [] }, { tls: { port: 0, certificates: [write(path, before)] } })
    const renewed = folder()
    write(renewed, after)
    for (const name of ['tls.crt', 'tls.key']) {
      const beside = join(path, `${name}.new`)
      writeFileSync(beside, name === 'tls.crt' ? after.cert : after.key)
      renameSync(beside, join(path, name))
    }
    await waitFor(async () => (await get(server.tls!.port)).fingerprint === fingerprint(after), { timeout: 3000 })
  })

  test('a swapped symbolic link, as Kubernetes does it, is seen', async () => {
    const path = folder()
    const put = (name: string, certificate: TestCertificate): void => {
      mkdirSync(join(path, name))
      write(join(path, name), certificate)
      symlinkSync(name, join(path, '..data_tmp'))
      renameSync(join(path, '..data_tmp'), join(path, '..data'))
    }
    put('..2026_01', before)
    const files = { cert: join(path, 'tls.crt'), key: join(path, 'tls.key') }
    symlinkSync(join('..data', 'tls.crt'), files.cert)
    symlinkSync(join('..data', 'tls.key'), files.key)
    const { server } = await running({ routes: [] }, { tls: { port: 0, certificates: [files] } })
    expect((await get(server.tls!.port)).fingerprint).toBe(fingerprint(before))
    put('..2026_02', after)
    await waitFor(async () => (await get(server.tls!.port)).fingerprint === fingerprint(after), { timeout: 3000 })
  })

  test('a broken file keeps the old certificate and is logged; a good one after it counts', async () => {
    const path = folder()
    const log = recorder()
    const { server } = await running({ routes: [], log }, { tls: { port: 0, certificates: [write(path, before)] } })
    const { port } = server.tls!
    writeFileSync(join(path, 'tls.crt'), 'nothing')
    await waitFor(() => log.lines.some(({ level, message }) => level === 'error' && message.includes('certificates')), { timeout: 3000 })
    expect((await get(port)).fingerprint).toBe(fingerprint(before))
    // A key that does not belong to the certificate is as broken.
    writeFileSync(join(path, 'tls.crt'), after.cert)
    await waitFor(() => log.lines.filter(({ level }) => level === 'error').length === 2, { timeout: 3000 })
    expect((await get(port)).fingerprint).toBe(fingerprint(before))
    writeFileSync(join(path, 'tls.key'), after.key)
    await waitFor(async () => (await get(port)).fingerprint === fingerprint(after), { timeout: 3000 })
    expect(log.lines.at(-1)).toMatchObject({ level: 'info', message: 'certificates reloaded' })
  })

  test('a certificate that is chosen by name is reloaded, too', async () => {
    const path = folder()
    const second = issue({ names: ['shop.test'] })
    const { server } = await running(
      { routes: [] },
      { tls: { port: 0, certificates: [before, write(path, issue({ names: ['shop.test'] }))] } },
    )
    write(path, second)
    const ask = async (): Promise<string> => (await get(server.tls!.port, { servername: 'shop.test' })).fingerprint
    await waitFor(async () => (await ask()) === fingerprint(second), { timeout: 3000 })
    expect((await get(server.tls!.port)).fingerprint).toBe(fingerprint(before))
  })
})
