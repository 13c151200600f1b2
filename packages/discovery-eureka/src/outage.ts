/** Why the registry tells nothing: one sentence, without credentials. */
export class Outage extends Error {
  override readonly name = 'Outage'
}

const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there; check servers, and whether Eureka runs',
  ENOTFOUND: 'there is no such host; check servers',
  EAI_AGAIN: 'the name cannot be looked up now; check servers and DNS',
  ECONNRESET: 'the connection was cut; where Eureka speaks TLS, write https',
  EPROTO: 'it does not speak TLS; write http, or name the port for HTTPS',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted; make the system trust it (NODE_EXTRA_CA_CERTS)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted; make the system trust it (NODE_EXTRA_CA_CERTS)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted; make the system trust it (NODE_EXTRA_CA_CERTS)',
  CERT_HAS_EXPIRED: 'its certificate has expired',
}

export function unreachable(server: string, error: Error): Outage {
  const code = (error as NodeJS.ErrnoException).code ?? error.message
  const remedy = REMEDIES[code]
  return new Outage(`Eureka at ${server} cannot be reached (${code})${remedy === undefined ? '' : `: ${remedy}`}.`, { cause: error })
}

/** What is done about an answer that is none. */
export function refusal(server: string, status: number, subject: string): Outage {
  const remedy =
    status === 401 || status === 403
      ? 'the credentials were refused; check username and password'
      : status === 404
        ? 'there is nothing; check the path in servers: most have /eureka, older ones /eureka/v2'
        : 'is this Eureka?'
  return new Outage(`Eureka at ${server} answered ${status} to ${subject}: ${remedy}.`)
}
