import { X509Certificate, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exportSPKI } from 'jose'
import { signer } from '../testing/tokens.ts'
import { working } from '../testing/surroundings.ts'
import { ConfigError } from '@octopus-gateway/core'
import { importPem } from './pem.ts'
import type { Algorithm } from '../algorithms.ts'

/** Signed by itself; its private key was thrown away. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBhzCCAS2gAwIBAgIUQRs+ZzhItnkUaYt6qhktmUdLK+EwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNbG9naW4uZXhhbXBsZTAgFw0yNjExMjUxNjQyMjVaGA8yMTI2
MTEwMTE2NDIyNVowGDEWMBQGA1UEAwwNbG9naW4uZXhhbXBsZTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABLN4N1VoCJpIZXn61dIQWzrZP3410c3/SNi5eSB4NSEf
Mq05wP0ObBW62KK3cZwalAS5u3olgbgeUreGoGPsm+KjUzBRMB0GA1UdDgQWBBSK
ZQi3fequevBSKRgedsKRHR8qPzAfBgNVHSMEGDAWgBSKZQi3fequevBSKRgedsKR
HR8qPzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDXBh53XuQu
R+J1u6gyQF6Ml9k47Xavz6T+Pui6r1xfjQIgbQr6LR5s+SGbe8hgoRwFnWGqrHzO
9wxwXimu182zn6s=
-----END CERTIFICATE-----`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-jwt-'))
})
afterAll(() => rm(folder, { recursive: true }))

const algorithmsOf = async (pem: string): Promise<Algorithm[]> => [...(await importPem(pem, undefined)).keys()]

async function problem(publicKey: string, algorithms?: readonly Algorithm[]): Promise<string> {
  const thrown = await working({ publicKey, algorithms }).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(ConfigError)
  const { issues } = thrown as ConfigError
  expect(issues).toHaveLength(1)
  expect(issues[0]!.path).toBe('jwt-auth.publicKey')
  return issues[0]!.message
}

test('a key does the algorithms of its kind', async () => {
  expect(await algorithmsOf((await signer('RS256')).pem)).toEqual(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'])
  for (const algorithm of ['ES256', 'ES384', 'ES512', 'EdDSA'] as const) {
    expect(await algorithmsOf((await signer(algorithm)).pem)).toEqual([algorithm])
  }
})

test('a key comes from a file as well, and from a certificate', async () => {
  const { pem, sign } = await signer('ES256')
  const path = join(folder, 'key.pem')
  await writeFile(path, `# the key of the login service\n${pem}`)
  for (const publicKey of [path, ` ${path}\n`, `${pem}\n`, pem.trim()]) {
    await using provider = await working({ publicKey })
    expect(await provider.ask(await sign())).toMatchObject({ principal: 'ann' })
  }
  const certified = await importPem(CERTIFICATE, undefined)
  expect([...certified.keys()]).toEqual(['ES256'])
  expect(await exportSPKI(certified.get('ES256')!)).toBe(
    new X509Certificate(CERTIFICATE).publicKey.export({ type: 'spki', format: 'pem' }).toString().trim(),
  )
})

test('what cannot work is said, with what to do', async () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const small = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string
  const pkcs1 = rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }) as string
  const secret = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const bitcoin = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ type: 'spki', format: 'pem' }) as string
  const { pem } = await signer('ES256')
  expect(await problem(small)).toMatch(/1024 bits; use 2048 or more/)
  expect(await problem(pkcs1)).toMatch(/PKCS #1.*openssl rsa/)
  expect(await problem(secret)).toMatch(/private key.*openssl pkey -in key.pem -pubout/)
  expect(await problem(bitcoin)).toMatch(/not a key that can verify tokens/)
  expect(await problem(pem.replace(/-----END.*/s, ''))).toMatch(/no complete PEM block/)
  expect(await problem(pem.slice(0, 60) + pem.slice(70))).toMatch(/not a key that can verify tokens/)
  expect(await problem(pem + pem)).toMatch(/several PEM blocks/)
  expect(await problem('-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----')).toMatch(/X509 CRL; needed is PUBLIC KEY or CERTIFICATE/)
  expect(await problem(pem, ['ES256', 'RS256', 'ES384'])).toBe('it cannot verify RS256, ES384; it is a key for ES256')
})

test('files that are not there, or too large', async () => {
  expect(await problem(join(folder, 'nothing.pem'))).toMatch(/no PEM text .*nothing\.pem" cannot be read: ENOENT/)
  expect(await problem(folder)).toMatch(/cannot be read: EISDIR/)
  await writeFile(join(folder, 'large.pem'), 'x'.repeat(70_000))
  expect(await problem(join(folder, 'large.pem'))).toMatch(/has 70000 bytes/)
  await writeFile(join(folder, 'empty.pem'), '')
  expect(await problem(join(folder, 'empty.pem'))).toMatch(/no complete PEM block/)
})
