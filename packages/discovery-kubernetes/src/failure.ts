/** What the API server refused. */
export class Failure extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

interface Place {
  readonly server: URL
  readonly path: string
  readonly remedy: string
}

/** One sentence: what happened, where, and what to do. */
export function failureOf(status: number, body: string, { server, path, remedy }: Place): Failure {
  const api = `The Kubernetes API at ${server.host}`
  switch (status) {
    case 401:
      return new Failure(status, `${api} does not accept the credentials (401 Unauthorized); ${remedy}.`)
    case 403:
      return new Failure(
        status,
        `${api} forbids GET ${path} (403 Forbidden${told(body)}); grant get, list and watch on services and endpointslices with a Role and its RoleBinding.`,
      )
    case 404:
      return new Failure(status, `${api} knows no ${path} (404); it must be Kubernetes 1.21 or newer, and the address that of its API.`)
    default:
      return new Failure(status, `${api} answered ${status} to GET ${path}${told(body)}; it is asked again.`)
  }
}

/** What the server says in its `Status`, as far as it may stand in a log line. */
function told(body: string): string {
  const message = /"message":\s*"((?:[^"\\]|\\.){1,300})"/.exec(body)?.[1]
  return message === undefined ? '' : `: ${message.replaceAll('\\"', '"').replaceAll(/[\p{Cc}\\]/gu, ' ')}`
}

const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; check the address',
  ENOTFOUND: 'the name is not known; check the address',
  EAI_AGAIN: 'the name cannot be resolved now; check the name servers',
  ETIMEDOUT: 'it does not answer; check network policies',
  EHOSTUNREACH: 'there is no way to it; check network policies',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name; check the address, or set tls-server-name in the kubeconfig',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an unknown authority; check certificate-authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an unknown authority; check certificate-authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is of an unknown authority; check certificate-authority',
  CERT_HAS_EXPIRED: 'its certificate has expired',
}

/** The server cannot be reached, or what it sends cannot be read. */
export function unreachable(server: URL, cause: unknown): Error {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code
  const reason = typeof cause === 'string' ? cause : cause instanceof Error ? (code ?? cause.message) : 'unknown'
  const remedy = REMEDIES[code ?? ''] ?? 'it is asked again'
  return new Error(`The Kubernetes API at ${server.host} cannot be used (${reason}): ${remedy}.`, { cause })
}
