import { afterEach, beforeEach, expect, test } from 'vitest'
import { Cli } from './harness.ts'
import { newAuthority, testCertificates } from '@octopus-gateway/testing'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const { ca, server, client, issue } = testCertificates()
const HASH = '$2b$04$Gc8cZDnz0G3AmrqfQSaZQ.SqzdEScGRopNxdRpS1KzsdRJuYZqDxC'

let cli: Cli
beforeEach(() => {
  cli = new Cli()
  const files = { 'ca.pem': ca, 'cert.pem': server.cert, 'key.pem': server.key, 'client.pem': client.cert, 'client.key': client.key }
  for (const [name, text] of Object.entries(files)) cli.file(name, text)
})
afterEach(() => cli[Symbol.dispose]())

/** Starts a gateway with this under `admin`, and gives the origin of its admin listener. */
async function started(admin: string): Promise<{ readonly url: string; stop(): Promise<void> }> {
  cli.file(
    'octopus.yaml',
    `server: { http_port: 0, host: 127.0.0.1, admin_port: 0 }\ndiscovery: { backend: static, static: { services: [] } }\nadmin: { ${admin} }\n`,
  )
  const running = cli.run(['-c', 'octopus.yaml'], { isTerminal: true })
  const [, url] = await cli.seen(/Routes +(https:\/\/[^/\s]+)/)
  return {
    url: url!,
    async stop() {
      cli.signal()
      expect(await running).toBe(0)
    },
  }
}

test('the admin API is asked over HTTPS: whom to trust and who asks are options, and what is missing is said', async () => {
  const { url, stop } = await started(
    `tls: { cert: cert.pem, key: key.pem, client_auth: { ca: ca.pem } }, auth: { username: root, password_hash: "${HASH}" }`,
  )
  using asking = new Cli()
  const stranger = newAuthority()
  const files = { 'ca.pem': ca, 'client.pem': client.cert, 'client.key': client.key, 'other-ca.pem': stranger.ca, 'none.pem': 'nothing' }
  for (const [name, text] of Object.entries(files)) asking.file(name, text)
  const ask = async (...argv: string[]): Promise<readonly [number, string]> => {
    asking.out = asking.err = ''
    const env = { OCTOPUS_ADMIN_USER: 'root', OCTOPUS_ADMIN_PASSWORD: 's3cret' }
    const code = await asking.run(['farp', 'contracts', ...argv], { env })
    return [code, asking.out + asking.err]
  }
  const there = ['--admin-url', url]
  const shown = ['--cert', 'client.pem', '--key', 'client.key']
  expect(await ask(...there, '--ca', 'ca.pem', ...shown)).toEqual([0, 'No instance of a service is there.\n'])
  expect(await ask(...there, ...shown)).toEqual([1, expect.stringContaining('name who signed its certificate with --ca')])
  expect(await ask(...there, '--ca', 'other-ca.pem', ...shown)).toEqual([1, expect.stringContaining('with --ca')])
  expect(await ask(...there, '--ca', 'ca.pem')).toEqual([1, expect.stringContaining('show one with --cert and --key')])
  expect(await ask(...there, '--ca', 'ca.pem', '--cert', 'client.pem')).toEqual([2, expect.stringContaining('belong together')])
  expect(await ask(...there, '--ca', 'gone.pem')).toEqual([1, expect.stringContaining('the file of --ca cannot be read')])
  expect(await ask(...there, '--ca', 'none.pem')).toEqual([1, expect.stringContaining('holds nothing in PEM form')])
  expect(await ask('--admin-url', url.replace('https', 'http'))).toEqual([1, expect.stringContaining('where it speaks HTTPS, say so')])
  await stop()
})

test('a certificate for another host is told as such', async () => {
  const { cert, key } = issue({ names: ['gateway.internal'], usage: 'server' })
  cli.file('cert.pem', cert)
  cli.file('key.pem', key)
  const { url, stop } = await started('tls: { cert: cert.pem, key: key.pem }')
  using asking = new Cli()
  asking.file('ca.pem', ca)
  expect(await asking.run(['farp', 'contracts', '--admin-url', url, '--ca', 'ca.pem'])).toBe(1)
  expect(asking.err).toContain('name the host that its certificate is for with --admin-url')
  await stop()
})

test('the configuration says that it is HTTPS', async () => {
  using asking = new Cli()
  for (const [name, text] of Object.entries({ 'cert.pem': server.cert, 'key.pem': server.key })) asking.file(name, text)
  asking.file('octopus.yaml', 'server: { admin_port: 1 }\nadmin: { tls: { cert: cert.pem, key: key.pem } }\n')
  expect(await asking.run(['farp', 'contracts', '-c', 'octopus.yaml'])).toBe(1)
  expect(asking.err).toContain('the admin listener at https://127.0.0.1:1 does not answer')
})

test('the health check of the image asks over HTTPS, whom NODE_EXTRA_CA_CERTS names it trusts', async () => {
  const { url, stop } = await started('tls: { cert: cert.pem, key: key.pem }')
  const check = async (env: Record<string, string>): Promise<unknown> => {
    const script = fileURLToPath(new URL('../../../deploy/health.mjs', import.meta.url))
    const child = spawn(process.execPath, [script], {
      env: { ...process.env, NODE_OPTIONS: '', OCTOPUS_HEALTH_URL: `${url}/_/health`, ...env },
    })
    return ((await once(child, 'exit')) as [number])[0]
  }
  expect(await check({ NODE_EXTRA_CA_CERTS: `${cli.cwd}/ca.pem` })).toBe(0)
  expect(await check({})).toBe(1)
  await stop()
})
