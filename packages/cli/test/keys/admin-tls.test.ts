import { behaviour } from './behaviour.ts'
import { expect, test } from 'vitest'
import { handshake } from './tls-client.ts'
import { newAuthority, testCertificates, waitFor } from '@octopus-gateway/testing'
import { refused, running, type Running, type RunOptions } from './running.ts'
import { statusOf } from './https.ts'

const { ca, server, client, issue } = testCertificates()
const stranger = newAuthority()
const shop = issue({ names: ['shop.test'], usage: 'server' })
const FILES = {
  'cert.pem': server.cert,
  'key.pem': server.key,
  'shop.pem': shop.cert,
  'shop.key': shop.key,
  'ca.pem': ca,
  'other-ca.pem': stranger.ca,
}
const PAIR = 'cert: cert.pem, key: key.pem'

/** A gateway with this under `admin.tls`. */
const withTls = (tls: string, how: RunOptions & { readonly rest?: string } = {}): Promise<Running & { readonly admin: string }> =>
  running(`admin: { tls: { ${tls} } }\n${how.rest ?? ''}`, { files: FILES, ...how }) as Promise<Running & { readonly admin: string }>

const portOf = ({ admin }: Running): number => Number(new URL(admin!).port)

behaviour('admin.tls.enabled', 'true, the default, speaks HTTPS and no HTTP; false speaks HTTP', async () => {
  for (const enabled of ['enabled: true, ', '']) {
    await using gateway = await withTls(enabled + PAIR)
    expect(gateway.admin).toMatch(/^https:\/\/127\.0\.0\.1:/)
    expect(await statusOf(`${gateway.admin}/_/routes`)).toBe(200)
    await expect(fetch(`${gateway.admin.replace('https', 'http')}/_/routes`)).rejects.toThrow()
  }
  await using plain = await withTls('enabled: false, cert: gone.pem, key: gone.key')
  expect([plain.admin.startsWith('http:'), (await fetch(`${plain.admin}/_/routes`)).status]).toEqual([true, 200])
  await using without = await running('{}')
  expect(without.admin).toMatch(/^http:/)
})

behaviour('admin.tls.cert', 'is shown, and again when its file changes; a broken one keeps the last good one and is logged', async () => {
  await using gateway = await withTls(PAIR)
  const names = async (): Promise<string> => (await handshake(portOf(gateway))).names
  expect(await names()).toContain('DNS:localhost')
  gateway.cli.file('cert.pem', 'nothing')
  await waitFor(
    () => gateway.lines.some(({ level, message }) => level === 'error' && /certificates could not be reloaded/.test(`${message}`)),
    {
      timeout: 15_000,
    },
  )
  expect(await names()).toContain('DNS:localhost')
  gateway.cli.file('cert.pem', shop.cert)
  gateway.cli.file('key.pem', shop.key)
  await waitFor(async () => (await names()).includes('DNS:shop.test'), { timeout: 15_000, what: 'the new certificate' })
})

behaviour('admin.tls.key', 'may be the text itself, as the certificate may, and has to be there', async () => {
  const env = { CERT: server.cert, KEY: server.key }
  await using gateway = await withTls('cert: "${CERT}", key: "${KEY}"', { env })
  expect(await statusOf(`${gateway.admin}/_/routes`)).toBe(200)
  const { code, err } = await refused('admin: { tls: { cert: cert.pem } }', { files: FILES })
  expect([code, err]).toEqual([78, expect.stringContaining('admin.tls.key: is missing; admin.tls.cert alone is no use')])
})

behaviour('admin.tls.certificates[].cert', 'is shown to who asks for its name', async () => {
  await using gateway = await withTls(`${PAIR}, certificates: [{ cert: shop.pem, key: shop.key }]`)
  expect((await handshake(portOf(gateway), { servername: 'shop.test' })).names).toBe('DNS:shop.test')
  expect((await handshake(portOf(gateway), { servername: 'other.test' })).names).toContain('DNS:localhost')
})

behaviour('admin.tls.certificates[].key', 'has to belong to its certificate', async () => {
  const { code, err } = await refused('admin: { tls: { certificates: [{ cert: shop.pem, key: key.pem }] } }', { files: FILES })
  expect([code, err]).toEqual([78, expect.stringContaining('admin.tls.certificates[0].key: does not belong to the certificate in cert')])
})

behaviour('admin.tls.certificates[].hosts[]', 'are the names it is shown for instead of its own', async () => {
  await using gateway = await withTls(`${PAIR}, certificates: [{ cert: shop.pem, key: shop.key, hosts: ["*.other.test"] }]`)
  expect((await handshake(portOf(gateway), { servername: 'www.other.test' })).names).toBe('DNS:shop.test')
  expect((await handshake(portOf(gateway), { servername: 'shop.test' })).names).toContain('DNS:localhost')
})

behaviour('admin.tls.min_version', '1.2, the default, or 1.3', async () => {
  await using standard = await withTls(PAIR)
  expect((await handshake(portOf(standard), { maxVersion: 'TLSv1.2' })).protocol).toBe('TLSv1.2')
  await using strict = await withTls(`${PAIR}, min_version: 1.3`)
  await expect(handshake(portOf(strict), { maxVersion: 'TLSv1.2' })).rejects.toThrow()
  expect((await handshake(portOf(strict))).protocol).toBe('TLSv1.3')
})

behaviour(
  'admin.tls.client_auth.ca',
  'signs the certificates that clients may show; a change of its file ends what was known by the old one',
  async () => {
    await using gateway = await withTls(`${PAIR}, client_auth: { ca: client-ca.pem }`, { client, files: { ...FILES, 'client-ca.pem': ca } })
    const ask = (shown: typeof client): Promise<number | 'refused'> => statusOf(`${gateway.admin}/_/routes`, shown)
    expect([await ask(client), await ask(stranger.client)]).toEqual([200, 'refused'])
    gateway.cli.file('client-ca.pem', stranger.ca)
    await waitFor(async () => (await ask(stranger.client)) === 200, { timeout: 15_000, what: 'the new authority' })
    expect(await ask(client)).toBe('refused')
  },
)

behaviour(
  'admin.tls.client_auth.mode',
  'required, the default, refuses who shows none; optional does not, and is for registrations',
  async () => {
    for (const mode of ['', ', mode: required']) {
      await using gateway = await withTls(`${PAIR}, client_auth: { ca: ca.pem${mode} }`, { client })
      const url = `${gateway.admin}/_/routes`
      expect([await statusOf(url), await statusOf(url, client)]).toEqual(['refused', 200])
    }
    const optional = `${PAIR}, client_auth: { ca: ca.pem, mode: optional }`
    await using gateway = await withTls(optional, { rest: 'farp: { push: { enabled: true, client_certificates: true } }\n' })
    const url = `${gateway.admin}/_/routes`
    expect([await statusOf(url), await statusOf(url, client), await statusOf(url, stranger.client)]).toEqual([200, 200, 'refused'])
    const { code, err } = await refused(`admin: { tls: { ${optional} } }`, { files: FILES })
    expect([code, err]).toEqual([78, expect.stringContaining('admin.tls.client_auth.mode: leaves it to farp.push.client_certificates')])
  },
)

test('a certificate does not stand for the password of an operator, nor for the permission to listen for others', async () => {
  const hash = '$2b$04$wDdv48wYzbvOIbk2SuLYgePTqMAqXg0O5jjWbjIWeEXmjWcfC0zAq'
  const tls = `tls: { ${PAIR}, client_auth: { ca: ca.pem } }`
  await using gateway = await running(`admin: { ${tls}, auth: { username: root, password_hash: ${hash} } }`, { files: FILES, client })
  expect([await statusOf(`${gateway.admin}/_/routes`, client), await statusOf(`${gateway.admin}/_/health`, client)]).toEqual([401, 200])
  const { code, err } = await refused(`admin: { address: 0.0.0.0, ${tls} }`, { files: FILES })
  expect([code, err]).toEqual([78, expect.stringContaining('add admin.auth')])
})

test('whether there is TLS, and whether clients are asked, is settled at the start; a reload says so and changes the rest', async () => {
  await using gateway = await withTls(PAIR)
  gateway.cli.file('octopus.yaml', `admin: { tls: { cert: shop.pem, key: shop.key, client_auth: { ca: ca.pem } } }\n`)
  gateway.cli.hangUp()
  await gateway.cli.seen(/need a restart.*\n/)
  expect(gateway.lines).toContainEqual(expect.objectContaining({ level: 'warn', keys: ['admin.tls.client_auth.mode'] }))
  expect((await handshake(portOf(gateway))).names).toBe('DNS:shop.test')
  gateway.cli.file('octopus.yaml', 'admin: {}\n')
  gateway.cli.hangUp()
  await waitFor(() => gateway.lines.some((line) => JSON.stringify(line.keys) === '["admin.tls.enabled"]'))
  expect((await handshake(portOf(gateway))).names).toBe('DNS:shop.test')
})
