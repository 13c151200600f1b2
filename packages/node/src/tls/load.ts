import { CertificateTable } from './certificate-table.ts'
import { ConfigError } from '@octopus-gateway/core'
import { createSecureContext } from 'node:tls'
import { readFile } from 'node:fs/promises'
import { X509Certificate } from 'node:crypto'
import type { ConfigIssue } from '@octopus-gateway/core'
import type { LoadedCertificate } from './certificate-table.ts'
import type { TlsOptions } from './options.ts'

/** Certificates as they are at one moment. */
export interface Loaded {
  readonly table: CertificateTable
  /** PEM text of whom client certificates must come from. */
  readonly ca: string | undefined
  /** Everything that was read: two that are equal have the same certificates. */
  readonly texts: readonly string[]
}

const IS_PEM = /-----BEGIN /

/** The paths among the options. */
export function filesOf({ certificates, clientAuth }: TlsOptions): string[] {
  const given = certificates.flatMap(({ cert, key }) => [cert, key])
  if (clientAuth !== undefined) given.push(clientAuth.ca)
  return given.filter((text) => !IS_PEM.test(text))
}

/** Reads and checks all certificates. Rejects with a `ConfigError` that names every one that is wrong; never with a part of a key. */
export async function load(options: TlsOptions): Promise<Loaded> {
  const issues: ConfigIssue[] = []
  const texts: string[] = []
  const attempt = async <T>(path: string, work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work()
    } catch (thrown) {
      issues.push({ code: 'invalid_value', path, message: (thrown as Error).message })
      return undefined
    }
  }
  const text = (path: string, given: string): Promise<string | undefined> =>
    attempt(path, async () => {
      const pem = IS_PEM.test(given) ? given : await readFile(given, 'utf8')
      if (!IS_PEM.test(pem)) throw new Error(`${given} holds no PEM text: it must have a line "-----BEGIN …".`)
      texts.push(pem)
      return pem
    })
  const { clientAuth, minVersion = 'TLSv1.2' } = options
  const ca = clientAuth === undefined ? undefined : await text('tls.clientAuth.ca', clientAuth.ca)
  if (ca !== undefined) await attempt('tls.clientAuth.ca', () => new X509Certificate(ca))
  const loaded: LoadedCertificate[] = []
  for (const [index, given] of options.certificates.entries()) {
    const path = `tls.certificates[${index}]`
    const cert = await text(`${path}.cert`, given.cert)
    const key = await text(`${path}.key`, given.key)
    if (cert === undefined || key === undefined) continue
    const context = await attempt(path, () => createSecureContext({ cert, key, minVersion, ...(ca === undefined ? {} : { ca }) }))
    if (context !== undefined) loaded.push({ cert, key, hosts: given.hosts, context })
  }
  if (options.certificates.length === 0)
    issues.push({ code: 'missing_value', path: 'tls.certificates', message: 'TLS needs a certificate.' })
  const [first, ...others] = loaded
  if (issues.length > 0 || first === undefined) throw new ConfigError(issues)
  return { table: new CertificateTable([first, ...others]), ca, texts }
}
