import type { X509Certificate } from 'node:crypto'

/** Kinds of names that are passed on, as Node spells them and as we do. */
const KINDS: Readonly<Record<string, string>> = { DNS: 'DNS', URI: 'URI', email: 'email', 'IP Address': 'IP' }

/**
 * The alternative names of a certificate, as `DNS:…`, `URI:…`, `email:…` and `IP:…`. Node gives them as one text in which a name that could be
 * read as two is a JSON string (CVE-2021-44532).
 */
export function namesOf(certificate: X509Certificate): string[] {
  const names: string[] = []
  for (const [, kind = '', value = ''] of (certificate.subjectAltName ?? '').matchAll(/(?:^|, )([^:",]+):("(?:[^"\\]|\\.)*"|[^,"]*)/g)) {
    const prefix = KINDS[kind]
    if (prefix !== undefined) names.push(`${prefix}:${value.startsWith('"') ? (JSON.parse(value) as string) : value}`)
  }
  return names
}
