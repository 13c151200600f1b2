import { describe, expect, test } from 'vitest'
import { load, valid, type Files } from '../testing/files.ts'
import { newAuthority, testCertificates } from '@octopus-gateway/testing'
import type { LoadedConfig } from '../options.ts'

const { ca, server, client, issue } = testCertificates()
const shop = issue({ names: ['shop.test'] })

const FILES = { 'tls/cert.pem': server.cert, 'tls/key.pem': server.key, 'tls/shop.pem': shop.cert + shop.key, 'tls/ca.pem': ca }
const PAIR = 'cert: tls/cert.pem, key: tls/key.pem'
const only = { paths: ['octopus.yaml'] }
const beside = (yaml: string, more: Readonly<Record<string, string>> = {}): Files => ({ 'octopus.yaml': yaml, ...FILES, ...more })

async function said(yaml: string, more: Readonly<Record<string, string>> = {}, env = {}): Promise<string[]> {
  const { issues } = await load(beside(yaml, more), { ...only, host: { env } })
  return issues.map(({ source, path, message }) => `${source}: ${path}: ${message}`)
}

/** The TLS listener, its files without the folder of the test. */
async function tls(yaml: string, how: Parameters<typeof valid>[1] = only): Promise<unknown> {
  const config: LoadedConfig = await valid(beside(yaml), how)
  return JSON.parse(JSON.stringify(config.server.tls ?? null).replaceAll(/"\/[^"]*?(\/tls\/)/g, '"$1')) as unknown
}

describe('tls', () => {
  test('arrives with its defaults; names of files start at the file they are written in', async () => {
    expect(await tls(`tls: { ${PAIR} }`)).toEqual({
      port: 8443,
      certificates: [{ cert: '/tls/cert.pem', key: '/tls/key.pem' }],
      minVersion: 'TLSv1.2',
      redirectHttp: false,
    })
    const files = { 'layers/octopus.yaml': 'tls: { cert: ../tls/cert.pem, key: ../tls/key.pem }', ...FILES }
    expect((await valid(files, { paths: ['layers/octopus.yaml'] })).server.tls!.certificates[0]!.cert).toMatch(
      /^\/(?!.*layers).*\/tls\/cert\.pem$/,
    )
  })

  test('every key arrives', async () => {
    const yaml =
      `server: { https_port: 444 }\ntls:\n  enabled: true\n  ${PAIR.replace(', ', '\n  ')}\n  min_version: 1.3\n  redirect_http: true\n` +
      '  client_auth: { ca: tls/ca.pem, mode: optional }\n  certificates: [{ cert: tls/shop.pem, key: tls/shop.pem, hosts: [shop.test, "*.shop.test"] }]\n'
    expect(await tls(yaml)).toEqual({
      port: 444,
      certificates: [
        { cert: '/tls/cert.pem', key: '/tls/key.pem' },
        { cert: '/tls/shop.pem', key: '/tls/shop.pem', hosts: ['shop.test', '*.shop.test'] },
      ],
      minVersion: 'TLSv1.3',
      clientAuth: { ca: '/tls/ca.pem', mode: 'optional' },
      redirectHttp: true,
    })
  })

  test('PEM texts may stand in the place of files, from the environment too', async () => {
    const yaml = 'tls:\n  cert: ${CERT}\n  key: ${KEY}\n'
    expect(await tls(yaml, { ...only, host: { env: { CERT: server.cert, KEY: server.key } } })).toMatchObject({
      certificates: [{ cert: server.cert, key: server.key }],
    })
  })

  test('enabled: false reads nothing; without the block there is no listener', async () => {
    expect(await tls('server: { https_port: 1 }\ntls: { enabled: false, cert: gone.pem, key: gone.pem }')).toBeNull()
    expect(await tls('{}')).toBeNull()
  })

  test.each([
    ['tls: { enabled: true }', 'octopus.yaml:1:1: tls.cert: is missing; the TLS listener needs a certificate'],
    ['tls: {}', 'tls.cert: is missing'],
    ['tls: { cert: tls/cert.pem }', 'tls.key: is missing; tls.cert alone is no use: add the private key that belongs to it'],
    ['tls: { key: tls/key.pem }', 'tls.cert: is missing; tls.key alone is no use: add the certificate'],
    ['tls: { cert: tls/gone.pem, key: tls/key.pem }', 'tls.cert: the file /tls/gone.pem does not exist; a relative path starts at'],
    ['tls: { cert: tls, key: tls/key.pem }', 'tls.cert: the file /tls is a directory'],
    ['tls: { cert: tls/key.pem, key: tls/key.pem }', 'tls.cert: holds a private key where a certificate is wanted'],
    ['tls: { cert: octopus.yaml, key: tls/key.pem }', 'tls.cert: holds no certificate in PEM form'],
    ['tls: { cert: broken.pem, key: tls/key.pem }', 'tls.cert: holds a certificate that cannot be read'],
    ['tls: { cert: tls/cert.pem, key: tls/cert.pem }', 'tls.key: holds no private key in PEM form'],
    ['tls: { cert: tls/cert.pem, key: tls/shop.pem }', 'tls.key: does not belong to the certificate in cert'],
    ['tls: { cert: tls/cert.pem, key: encrypted.pem }', 'tls.key: holds an encrypted key'],
    ['tls: { cert: "", key: tls/key.pem }', 'tls.cert: must be the name of a file with a certificate in PEM form'],
    [`tls: { ${PAIR}, min_version: 1.1 }`, 'tls.min_version: must be 1.2 or 1.3, not "1.1"; older versions are broken (RFC 8996)'],
    [`tls: { ${PAIR}, client_auth: { mode: optional } }`, 'tls.client_auth.ca: is missing; add it'],
    [`tls: { ${PAIR}, client_auth: { ca: gone.pem } }`, 'tls.client_auth.ca: the file /gone.pem does not exist'],
    [`tls: { ${PAIR}, client_auth: { ca: tls/ca.pem, mode: maybe } }`, 'tls.client_auth.mode: must be one of required, optional'],
    ['tls: { certificates: [{ cert: tls/cert.pem }] }', 'tls.certificates[0].key: is missing; add it'],
    [`tls: { certificates: [{ ${PAIR}, hosts: [] }] }`, 'tls.certificates[0].hosts: needs at least one host'],
    [`tls: { certificates: [{ ${PAIR}, hosts: [127.0.0.1] }] }`, 'tls.certificates[0].hosts[0]: must be a host such as'],
    [
      `tls: { certificates: [{ ${PAIR}, hosts: [a.test] }, { ${PAIR}, hosts: [b.test, A.test] }] }`,
      'tls.certificates[1].hosts[1]: certificates[0] is shown for this host already',
    ],
    [`server: { https_port: 8080 }\ntls: { ${PAIR} }`, 'octopus.yaml:1:11: server.https_port: TLS and plain HTTP both want port 8080'],
    [`server: { http_port: 8443 }\ntls: { ${PAIR} }`, 'both want port 8443'],
    [`server: { https_port: 9090 }\ntls: { ${PAIR} }`, 'TLS and the admin listener both want port 9090'],
    ['server: { https_port: 8443 }', 'server.https_port: is the port of the TLS listener, and there is none; add tls with cert and key'],
  ])('%s', async (yaml, message) => {
    const broken = server.cert.replace(/\n[^-]{40}/, '\n')
    const encrypted = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n'
    const lines = await said(yaml, { 'broken.pem': broken, 'encrypted.pem': encrypted })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(message)
  })

  test('a key is never shown, however it is given', async () => {
    const bare = client.key.replaceAll(/-----[^-]+-----|\n/g, '')
    const yaml = 'tls: { cert: tls/cert.pem, key: "${KEY}" }'
    for (const KEY of [bare, 'hunter2', client.key.replace('PRIVATE', 'PUBLIC')]) {
      const lines = await said(yaml, {}, { KEY })
      expect(lines).toHaveLength(1)
      expect(lines[0]).not.toMatch(/hunter2|MIG|-----BEGIN (?!PRIVATE)/)
    }
    expect(await said(`tls: { cert: tls/cert.pem, key: ${'A'.repeat(2000)} }`)).toEqual([expect.not.stringContaining('AAAA')])
  })
})

describe('admin.tls', () => {
  const admin = async (yaml: string): Promise<unknown> => {
    const { admin: settings } = await valid(beside(yaml), only)
    return JSON.parse(JSON.stringify(settings.tls ?? null).replaceAll(/"\/[^"]*?(\/tls\/)/g, '"$1')) as unknown
  }

  test('every key arrives', async () => {
    const more =
      'min_version: 1.3, client_auth: { ca: tls/ca.pem }, certificates: [{ cert: tls/shop.pem, key: tls/shop.pem, hosts: [shop.test] }]'
    expect(await admin(`admin: { tls: { ${PAIR}, ${more} } }`)).toEqual({
      certificates: [
        { cert: '/tls/cert.pem', key: '/tls/key.pem' },
        { cert: '/tls/shop.pem', key: '/tls/shop.pem', hosts: ['shop.test'] },
      ],
      minVersion: 'TLSv1.3',
      clientAuth: { ca: '/tls/ca.pem', mode: 'required' },
    })
  })

  test('where there is no listener with TLS nothing is read', async () => {
    expect(await admin('admin: { tls: { enabled: false, cert: gone.pem, key: gone.pem } }')).toBeNull()
    expect(await admin('admin: { enabled: false, tls: { cert: gone.pem, key: gone.pem } }')).toBeNull()
    expect(await admin('{}')).toBeNull()
  })

  const push = (names: string, tls = `${PAIR}, client_auth: { ca: tls/ca.pem, mode: optional }`): string =>
    `admin: { tls: { ${tls} } }\nfarp: { push: { enabled: true, client_certificates: ${names} } }`
  test.each([
    [
      'admin: { tls: {} }',
      'admin.tls.cert: is missing; the admin listener needs a certificate: add admin.tls.cert and admin.tls.key, or set',
    ],
    ['admin: { tls: { cert: tls/cert.pem } }', 'admin.tls.key: is missing; admin.tls.cert alone is no use'],
    ['admin: { tls: { cert: tls/cert.pem, key: tls/shop.pem } }', 'admin.tls.key: does not belong to the certificate in cert'],
    ['admin: { tls: { cert: tls/gone.pem, key: tls/key.pem } }', 'admin.tls.cert: the file /tls/gone.pem does not exist'],
    [
      `admin: { tls: { ${PAIR}, redirect_http: true } }`,
      'admin.tls.redirect_http: there is no such key here; did you mean tls.redirect_http?',
    ],
    [`admin: { tls: { ${PAIR}, client_auth: {} } }`, 'admin.tls.client_auth.ca: is missing; add it'],
    [`admin: { tls: { ${PAIR}, client_auth: { ca: tls/key.pem } } }`, 'admin.tls.client_auth.ca: holds a private key where a certificate'],
    [
      `admin: { tls: { certificates: [{ ${PAIR}, hosts: [a.test] }, { ${PAIR}, hosts: [A.test] }] } }`,
      'admin.tls.certificates[1].hosts[0]: certificates[0] is shown for this host already',
    ],
    [
      `admin: { tls: { ${PAIR}, client_auth: { ca: tls/ca.pem, mode: optional } } }`,
      'admin.tls.client_auth.mode: leaves it to farp.push.client_certificates what a certificate opens, and no certificate opens anything there',
    ],
    [push('true', PAIR), 'farp.push.client_certificates: would never be seen: the admin listener asks nobody for a certificate'],
    [push('true', `${PAIR}, enabled: false, client_auth: { ca: tls/ca.pem }`), 'farp.push.client_certificates: would never be seen'],
    [push('[]'), 'farp.push.client_certificates: needs at least one name; write false, or leave it out, for none'],
    [
      push('[DNS:a.test, { name: DNS:A.test, services: [a] }]'),
      'farp.push.client_certificates[1]: names what client_certificates[0] names already; put all services there',
    ],
    // The mistake in the block is enough.
    [push('true', `${PAIR}, client_auth: { mode: optional }`), 'admin.tls.client_auth.ca: is missing; add it'],
  ])('%s', async (yaml, message) => {
    const lines = await said(yaml)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(message)
  })
})

describe('towards upstreams', () => {
  const up = (more: string, instances = 'instances: [{ address: a.test, port: 1 }]'): string =>
    `upstreams: [{ name: up, ${instances}, ${more} }]`
  const upstream = async (more: string): Promise<unknown> => (await valid(beside(up(more)), only)).gateway.upstreams!.up

  test('protocol and TLS arrive', async () => {
    expect(await upstream('protocol: h2c')).toMatchObject({ protocol: 'h2c', endpoints: [{ origin: 'http://a.test:1' }] })
    expect(await upstream('protocol: h2, scheme: https, tls: { ca: tls/ca.pem, server_name: b.test }')).toMatchObject({
      protocol: 'h2',
      tls: { ca, verify: true, serverName: 'b.test' },
    })
    expect(await upstream('scheme: https')).toMatchObject({ protocol: 'auto' })
    expect(await upstream('scheme: https, tls: { verify: false }')).toMatchObject({ tls: { verify: false } })
  })

  test.each([
    ['protocol: h2c, scheme: https', 'upstreams[0].protocol: h2c is HTTP/2 in the clear, and scheme is https; use h2'],
    ['protocol: h2', 'upstreams[0].protocol: h2 is HTTP/2 over TLS, and scheme is http; use h2c'],
    ['tls: { verify: false }', 'upstreams[0].tls: the instances are spoken to without TLS; set scheme to https'],
    ['scheme: https, tls: { verify: false, ca: tls/ca.pem }', 'upstreams[0].tls.ca: is never looked at when verify is false'],
    ['scheme: https, tls: { ca: gone.pem }', 'upstreams[0].tls.ca: the file /gone.pem does not exist'],
    ['scheme: https, tls: { ca: tls/key.pem }', 'upstreams[0].tls.ca: holds a private key where a certificate is wanted'],
    ['scheme: https, tls: { server_name: "a b" }', 'upstreams[0].tls.server_name: must be a host name'],
    ['protocol: http2', 'upstreams[0].protocol: must be one of auto, http1, h2, h2c'],
  ])('%s', async (more, message) => {
    const lines = await said(up(more))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(message)
  })

  test('discovered instances say later how they are spoken to', async () => {
    const discovery = 'discovery: { backend: static, static: { services: [{ name: s, address: a, port: 1 }] } }\nfarp: { enabled: false }\n'
    expect(await said(discovery + up('protocol: h2, tls: { ca: tls/ca.pem }', 'service: s'))).toEqual([])
  })

  test('an authority that nobody knows is no mistake', async () => {
    expect(await said(up('scheme: https, tls: { ca: other.pem }'), { 'other.pem': newAuthority().ca })).toEqual([])
  })
})
