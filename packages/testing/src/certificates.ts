import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { bits, bool, int, octets, oid, seq, set, tagged, text, time } from './der.ts'
import type { KeyObject } from 'node:crypto'

/** A certificate with its private key, both as PEM text. */
export interface TestCertificate {
  readonly cert: string
  readonly key: string
}

/** What a certificate says. */
export interface CertificateRequest {
  /** Subject alternative names: `localhost`, `*.shop.test`, `127.0.0.1`, or with a prefix `URI:spiffe://shop/users`, `email:ann@shop.test`. */
  readonly names: readonly string[]
  /** The common name of the subject. Default: none of the names, so that nothing can rest on it. */
  readonly commonName?: string
  /** Default: both. */
  readonly usage?: 'server' | 'client'
  /** Milliseconds from now until it is no longer valid; negative for one that has expired. Default one day. */
  readonly validFor?: number
}

/** A certificate authority that exists as long as this process. */
export interface TestCertificates {
  /** The authority's own certificate (PEM): what a peer must trust. */
  readonly ca: string
  /** For servers on this machine: `localhost`, `127.0.0.1` and `::1`. */
  readonly server: TestCertificate
  /** For clients: `client.test` and `URI:spiffe://test/client`; its common name is `a test client`. */
  readonly client: TestCertificate
  /** Another certificate of the same authority. */
  issue(request: CertificateRequest): TestCertificate
}

let shared: TestCertificates | undefined

/** A certificate authority for tests with a server's and a client's certificate, made once per process in a few milliseconds (P-256). */
export function testCertificates(): TestCertificates {
  return (shared ??= newAuthority())
}

/** An authority of its own, that nobody trusts who trusts `testCertificates()`. Its own certificate is valid for so many milliseconds, by default one day. */
export function newAuthority({ validFor = DAY_MS }: { readonly validFor?: number } = {}): TestCertificates {
  const key = newKey()
  const name = `Octopus test authority ${randomBytes(4).toString('hex')}`
  const issuer: Issuer = { name, key }
  const ca = certificate(issuer, {
    name,
    key,
    validFor,
    extensions: [extension(CONSTRAINTS, seq(bool(true)), true), extension(KEY_USAGE, bits([0x06], 1), true)],
  })
  const issue = (request: CertificateRequest): TestCertificate => issueTo(issuer, request)
  return {
    ca,
    issue,
    server: issue({ names: ['localhost', '127.0.0.1', '::1'], usage: 'server' }),
    client: issue({ names: ['client.test', 'URI:spiffe://test/client'], commonName: 'a test client', usage: 'client' }),
  }
}

interface Issuer {
  readonly name: string
  readonly key: KeyObject
}

interface Subject extends Issuer {
  readonly extensions: readonly Buffer[]
  readonly validFor?: number
}

const ECDSA_SHA256 = seq(oid('1.2.840.10045.4.3.2'))
const COMMON_NAME = '2.5.4.3'
const SUBJECT_KEY_ID = '2.5.29.14'
const KEY_USAGE = '2.5.29.15'
const ALTERNATIVE_NAMES = '2.5.29.17'
const CONSTRAINTS = '2.5.29.19'
const AUTHORITY_KEY_ID = '2.5.29.35'
const EXTENDED_USAGE = '2.5.29.37'
const DAY_MS = 86_400_000
const USAGES = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' }

function issueTo(issuer: Issuer, { names, commonName, usage, validFor }: CertificateRequest): TestCertificate {
  const key = newKey()
  const usages = usage === undefined ? [USAGES.server, USAGES.client] : [USAGES[usage]]
  const extensions = [
    extension(KEY_USAGE, bits([0x80], 7), true),
    extension(EXTENDED_USAGE, seq(...usages.map(oid))),
    extension(ALTERNATIVE_NAMES, seq(...names.map(alternativeName)), commonName === undefined),
  ]
  const cert = certificate(issuer, { name: commonName ?? '', key, extensions, ...(validFor === undefined ? {} : { validFor }) })
  return { cert, key: key.export({ type: 'pkcs8', format: 'pem' }) as string }
}

/** RFC 5280, section 4.1. */
function certificate(issuer: Issuer, subject: Subject): string {
  const now = Date.now()
  const notAfter = now + (subject.validFor ?? DAY_MS)
  const publicKey = createPublicKey(subject.key).export({ type: 'spki', format: 'der' })
  const signed = seq(
    tagged(0xa0, int(Buffer.of(2))),
    int(Buffer.concat([Buffer.of(1), randomBytes(15)])),
    ECDSA_SHA256,
    nameOf(issuer.name),
    seq(time(new Date(Math.min(now, notAfter) - DAY_MS)), time(new Date(notAfter))),
    nameOf(subject.name),
    publicKey,
    tagged(
      0xa3,
      seq(
        ...subject.extensions,
        extension(SUBJECT_KEY_ID, octets(keyId(subject.key))),
        extension(AUTHORITY_KEY_ID, seq(tagged(0x80, keyId(issuer.key)))),
      ),
    ),
  )
  return pem(seq(signed, ECDSA_SHA256, bits(sign('sha256', signed, issuer.key), 0)))
}

function newKey(): KeyObject {
  return createPrivateKey(
    generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey,
  )
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(createPublicKey(key).export({ type: 'spki', format: 'der' }))
    .digest()
}

function nameOf(commonName: string): Buffer {
  return commonName === '' ? seq() : seq(set(seq(oid(COMMON_NAME), text(0x0c, commonName))))
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  return seq(oid(id), ...(isCritical ? [bool(true)] : []), octets(value))
}

function alternativeName(name: string): Buffer {
  if (name.startsWith('URI:')) return text(0x86, name.slice('URI:'.length))
  if (name.startsWith('email:')) return text(0x81, name.slice('email:'.length))
  if (isIPv4(name)) return tagged(0x87, Buffer.from(name.split('.').map(Number)))
  if (name.includes(':')) return tagged(0x87, bytesOfV6(name))
  return text(0x82, name)
}

function bytesOfV6(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::')
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const middle = Array.from({ length: 8 - groups(head).length - groups(tail).length }, () => 0)
  return Buffer.from([...groups(head), ...middle, ...groups(tail)].flatMap((group) => [group >> 8, group & 0xff]))
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
