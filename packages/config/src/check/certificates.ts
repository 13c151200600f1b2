import { formatPath, type Path } from '../tree/node.ts'
import type { Draft } from './draft.ts'
import type { Problem } from '../report/issues.ts'

/** Certificates of a listener: at least one, each with its key, and no host twice. */
export function* checkCertificates(
  tls: NonNullable<Draft['tls'] | NonNullable<Draft['admin']>['tls']>,
  { at, needs }: { readonly at: Path; readonly needs: string },
): Generator<Problem> {
  const name = formatPath(at)
  for (const [one, other] of [
    ['cert', 'key'],
    ['key', 'cert'],
  ] as const) {
    if (!(one in tls) || other in tls) continue
    yield {
      code: 'missing_key',
      path: [...at, other],
      message: `is missing; ${name}.${one} alone is no use: add the ${other === 'key' ? 'private key' : 'certificate'} that belongs to it`,
    }
  }
  if (!('cert' in tls) && !('key' in tls) && (tls.certificates ?? []).length === 0) {
    const message = `is missing; ${needs} a certificate: add ${name}.cert and ${name}.key, or set ${name}.enabled to false`
    yield { code: 'missing_key', path: [...at, 'cert'], message }
  }
  const hosts = new Map<string, number>()
  for (const [index, certificate] of (tls.certificates ?? []).entries()) {
    for (const [place, host] of (certificate?.hosts ?? []).entries()) {
      if (host === undefined) continue
      const first = hosts.get(host.toLowerCase())
      if (first === undefined) hosts.set(host.toLowerCase(), index)
      else {
        const message = `${first === index ? 'is in this list already' : `certificates[${first}] is shown for this host already`}; remove one of them`
        yield { code: 'duplicate_name', path: [...at, 'certificates', index, 'hosts', place], message }
      }
    }
    if (certificate?.hosts?.length === 0) {
      const message = 'needs at least one host; leave the key out for the names in the certificate'
      yield { code: 'invalid_value', path: [...at, 'certificates', index, 'hosts'], message }
    }
  }
}
