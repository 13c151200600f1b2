import { isIP } from 'node:net'
import { namesOf } from './certificate-names.ts'
import { X509Certificate } from 'node:crypto'
import type { SecureContext } from 'node:tls'

/** A certificate that is ready to be shown. */
export interface LoadedCertificate {
  readonly cert: string
  readonly key: string
  readonly hosts: readonly string[] | undefined
  readonly context: SecureContext
}

/** Which certificate stands for which host. */
export class CertificateTable {
  /** Shown when no other fits. */
  readonly first: LoadedCertificate
  readonly #exact = new Map<string, LoadedCertificate>()
  /** By what follows the first label: `example.com` for `*.example.com`. */
  readonly #wildcards = new Map<string, LoadedCertificate>()
  readonly #isSingle: boolean

  /** Of two certificates for one host the earlier counts. */
  constructor(certificates: readonly [LoadedCertificate, ...LoadedCertificate[]]) {
    this.first = certificates[0]
    this.#isSingle = certificates.length === 1
    for (const certificate of certificates) {
      for (const host of certificate.hosts ?? hostsIn(certificate.cert)) {
        const name = plain(host)
        const [table, key] = name.startsWith('*.') ? [this.#wildcards, name.slice(2)] : [this.#exact, name]
        if (!table.has(key)) table.set(key, certificate)
      }
    }
  }

  /** The certificate that covers a host; `undefined` when none does. */
  covering(host: string): LoadedCertificate | undefined {
    const name = plain(host)
    const dot = name.indexOf('.')
    return this.#exact.get(name) ?? (dot > 0 ? this.#wildcards.get(name.slice(dot + 1)) : undefined)
  }

  /** The certificate to show for a name. */
  select(name: string): LoadedCertificate {
    return this.covering(name) ?? this.first
  }

  /** Whether a host has another certificate than the name a connection was opened for. */
  isForeign(name: string, host: string): boolean {
    return !this.#isSingle && name !== host && this.select(host) !== this.select(name)
  }
}

/** Lower case, without the dot of the root. */
function plain(host: string): string {
  const lower = host.toLowerCase()
  return lower.endsWith('.') ? lower.slice(0, -1) : lower
}

/** The hosts of a certificate by its alternative names. The common name is nobody's identity (RFC 9525, section 2). */
function hostsIn(cert: string): string[] {
  return namesOf(new X509Certificate(cert))
    .filter((name) => name.startsWith('DNS:') || name.startsWith('IP:'))
    .map((name) => name.slice(name.indexOf(':') + 1))
    .map((name) => (isIP(name) === 6 ? `[${name}]` : name))
}
