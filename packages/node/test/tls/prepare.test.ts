import { describe, expect, onTestFinished, test } from 'vitest'
import { get, handshake } from './support/client.ts'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { running } from '../support/running.ts'
import { service, to } from '../support/upstreams.ts'
import { serveFetch } from '@octopus-gateway/node'
import { testCertificates, waitFor } from '@octopus-gateway/testing'
import { tmpdir } from 'node:os'
import { X509Certificate } from 'node:crypto'
import type { FetchListening } from '@octopus-gateway/node'
import type { Logger } from '@octopus-gateway/core'
import type { TestCertificate } from '@octopus-gateway/testing'

const { issue } = testCertificates()
const [first, second, third] = [1, 2, 3].map(() => issue({ names: ['localhost'] })) as [TestCertificate, TestCertificate, TestCertificate]

const fingerprint = ({ cert }: TestCertificate): string => new X509Certificate(cert).fingerprint256

async function shown(port: number, servername = 'localhost'): Promise<string> {
  return (await handshake(port, { servername, checkServerIdentity: () => undefined })).getPeerX509Certificate()!.fingerprint256
}

/** Writes certificates into files of a folder that goes with the test. */
function folder(): (name: string, certificate: TestCertificate) => TestCertificate {
  const path = mkdtempSync(join(tmpdir(), 'octopus-tls-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return (name, { cert, key }) => {
    const files = { cert: join(path, `${name}.crt`), key: join(path, `${name}.key`) }
    writeFileSync(files.cert, cert)
    writeFileSync(files.key, key)
    return files
  }
}

describe('other certificates while it listens', () => {
  test('hold from the change on, and not before', async () => {
    const { server } = await running({ routes: [] }, { tls: { port: 0, certificates: [first] } })
    const { port } = server.tls!
    const change = await server.prepareTls({ certificates: [second, issue({ names: ['shop.test'] })] })
    expect(await shown(port)).toBe(fingerprint(first))
    change()
    expect(await shown(port)).toBe(fingerprint(second))
    expect(await shown(port, 'shop.test')).not.toBe(fingerprint(second))
  })

  test('that cannot be used change nothing', async () => {
    const { server } = await running({ routes: [] }, { tls: { port: 0, certificates: [first] } })
    await expect(server.prepareTls({ certificates: [{ cert: second.cert, key: third.key }] })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    })
    expect(await shown(server.tls!.port)).toBe(fingerprint(first))
  })

  test('are watched in the place of the earlier files', async () => {
    const at = folder()
    const { server } = await running({ routes: [] }, { tls: { port: 0, certificates: [at('a', first)] } })
    const { port } = server.tls!
    ;(await server.prepareTls({ certificates: [at('b', second)] }))()
    at('a', third)
    at('b', first)
    await waitFor(async () => (await shown(port)) === fingerprint(first))
  })

  test('give way to newer ones that their files have got since they were read', async () => {
    const at = folder()
    const certificates = [at('a', first)]
    const { server } = await running({ routes: [] }, { tls: { port: 0, certificates } })
    const { port } = server.tls!
    const change = await server.prepareTls({ certificates })
    at('a', second)
    await waitFor(async () => (await shown(port)) === fingerprint(second), { timeout: 15_000 })
    change()
    await waitFor(async () => (await shown(port)) === fingerprint(second))
  })

  test('are not watched where they come after the end', async () => {
    const at = folder()
    const tls = { certificates: [at('a', first)] }
    const listen = async (lines: string[]): Promise<FetchListening> => {
      const told = (line: string): void => void lines.push(line)
      const log: Logger = { error: told, warn: told, info: told, debug: told }
      return serveFetch({ fetch: () => new Response() }, { port: 0, tls, log })
    }
    const [ended, going]: [string[], string[]] = [[], []]
    const { prepareTls, close } = await listen(ended)
    const change = await prepareTls(tls)
    await close()
    change()
    // Of two that watch, this one begins later and is told later.
    const other = await listen(going)
    onTestFinished(() => other.close())
    for (const certificate of [second, third]) {
      const before = going.length
      at('a', certificate)
      await waitFor(() => going.length > before, { timeout: 15_000 })
    }
    expect(ended).toEqual([])
  })

  test('bring their redirect and their lowest version along', async () => {
    const up = await service()
    const { server } = await running(to(up), { tls: { port: 0, certificates: [first] } })
    const plain = (): Promise<Response> => fetch(`${server.url}/a`, { redirect: 'manual' })
    expect((await plain()).status).toBe(200)
    ;(await server.prepareTls({ certificates: [first], redirectHttp: true, minVersion: 'TLSv1.3' }))()
    expect((await plain()).status).toBe(421)
    await expect(handshake(server.tls!.port, { maxVersion: 'TLSv1.2' })).rejects.toThrow()
    expect((await get(server.tls!.port, { path: '/a' })).status).toBe(200)
    ;(await server.prepareTls({ certificates: [first] }))()
    expect((await plain()).status).toBe(200)
    await handshake(server.tls!.port, { maxVersion: 'TLSv1.2' })
  })

  test('where there is no TLS, nothing begins to speak it', async () => {
    const { server } = await running({ routes: [] })
    ;(await server.prepareTls({ certificates: [first], redirectHttp: true }))()
    expect(server.tls).toBeUndefined()
    expect((await fetch(server.url)).status).toBe(404)
  })
})
