/** Why a seed tells nothing: one sentence. */
export class Outage extends Error {
  override readonly name = 'Outage'
}

const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there; check urls, and whether the service runs',
  ENOTFOUND: 'there is no such host; check urls',
  EAI_AGAIN: 'the name cannot be looked up now; check urls and DNS',
  ECONNRESET: 'the connection was cut; where the service speaks TLS, write https',
  EPROTO: 'it does not speak TLS; write http, or name the port for HTTPS',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted; make the system trust it (NODE_EXTRA_CA_CERTS)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted; make the system trust it (NODE_EXTRA_CA_CERTS)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted; make the system trust it (NODE_EXTRA_CA_CERTS)',
  CERT_HAS_EXPIRED: 'its certificate has expired',
}

export function unreachable(seed: string, error: Error): Outage {
  const code = (error as NodeJS.ErrnoException).code ?? error.message
  const remedy = REMEDIES[code]
  return new Outage(`The seed ${seed} cannot be reached (${code})${remedy === undefined ? '' : `: ${remedy}`}.`, { cause: error })
}

/** What is done about an answer that is none. */
export function refusal(seed: string, status: number): Outage {
  const remedy =
    status >= 300 && status < 400
      ? 'redirects are not followed; write the address of the service itself'
      : status === 401 || status === 403
        ? '/_farp/discovery has to be open to the gateway'
        : 'does it serve /_farp/discovery?'
  return new Outage(`The seed ${seed} answered ${status}: ${remedy}.`)
}
