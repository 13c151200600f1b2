import { certificateIn, keyIn } from './check.ts'
import { formatPath, nodeAt, type Node, type Path } from '../tree/node.ts'
import { readPem, type Pem } from './read.ts'
import type { Draft } from '../check/draft.ts'
import type { KeyObject, X509Certificate } from 'node:crypto'
import type { Problem } from '../report/issues.ts'
import type { Workshop } from '../plugins/made.ts'

/** Everything in PEM form that a configuration names. */
export class PemFiles {
  readonly problems: Problem[] = []
  readonly #found = new Map<string, Pem>()
  readonly #root: Node
  readonly #host: Workshop['host']

  constructor({ root, host }: Workshop) {
    this.#root = root
    this.#host = host
  }

  /** What a key holds. Only for keys of a configuration without a mistake. */
  at(...path: Path): Pem {
    return this.#found.get(formatPath(path))!
  }

  async certificate(path: Path, value: string | undefined): Promise<X509Certificate | undefined> {
    return this.#read(path, value, certificateIn)
  }

  async key(path: Path, value: string | undefined): Promise<KeyObject | undefined> {
    return this.#read(path, value, keyIn)
  }

  /** A certificate and the key that must belong to it. */
  async pair(path: Path, { cert, key }: { readonly cert?: string | undefined; readonly key?: string | undefined }): Promise<void> {
    const certificate = await this.certificate([...path, 'cert'], cert)
    const privateKey = await this.key([...path, 'key'], key)
    if (certificate === undefined || privateKey === undefined || certificate.checkPrivateKey(privateKey)) return
    this.#refuse([...path, 'key'], 'does not belong to the certificate in cert; name the key that the certificate was made for')
  }

  async #read<T>(path: Path, value: string | undefined, parse: (text: string) => T | string): Promise<T | undefined> {
    if (value === undefined) return undefined
    const node = nodeAt(this.#root, path)
    const isShown = node?.kind === 'scalar' && node.variables.length === 0
    const pem = await readPem(value, { from: (node ?? this.#root).at.file, isShown })
    if (typeof pem === 'string') return this.#refuse(path, pem, 'unreadable_file')
    if (pem.source !== pem.text) this.#host.onRead?.(pem.source, pem.text)
    const parsed = parse(pem.text)
    if (typeof parsed === 'string') return this.#refuse(path, parsed)
    this.#found.set(formatPath(path), pem)
    return parsed
  }

  #refuse(path: Path, message: string, code = 'invalid_value'): undefined {
    this.problems.push({ code, path, message })
  }
}

/** Reads the certificates and keys of listeners, upstreams and registries. */
export async function readPemFiles({ tls, admin, upstreams = [], discovery }: Draft, workshop: Workshop): Promise<PemFiles> {
  const files = new PemFiles(workshop)
  for (const [path, listener] of [
    [['tls'], tls],
    [['admin', 'tls'], admin?.enabled === false ? undefined : admin?.tls],
  ] as const) {
    if (listener === undefined || listener.enabled === false) continue
    await files.pair(path, listener)
    for (const [index, certificate] of (listener.certificates ?? []).entries()) {
      if (certificate !== undefined) await files.pair([...path, 'certificates', index], certificate)
    }
    await files.certificate([...path, 'client_auth', 'ca'], listener.client_auth?.ca)
  }
  for (const [index, upstream] of upstreams.entries()) await files.certificate(['upstreams', index, 'tls', 'ca'], upstream?.tls?.ca)
  // A block without its backend is not looked at: its files may be on another machine.
  for (const name of ['consul', 'etcd'] as const) {
    if (discovery?.backend !== name && discovery?.backends?.includes(name) !== true) continue
    const path = ['discovery', name, 'tls']
    await files.certificate([...path, 'ca'], discovery[name]?.tls?.ca)
    await files.pair(path, discovery[name]?.tls ?? {})
  }
  return files
}
