import type { HttpAnswer } from './http.ts'

/** Why the registry tells nothing: one sentence, without credentials. */
export class Outage extends Error {
  override readonly name = 'Outage'
}

const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there; check address, and whether the agent runs',
  ENOTFOUND: 'there is no such host; check address',
  EAI_AGAIN: 'the name cannot be looked up now; check address and DNS',
  ECONNRESET: 'the connection was cut; where the agent speaks TLS, set scheme to https',
  EPROTO: 'it does not speak TLS; set scheme to http, or name the port for HTTPS',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name; set tls.server_name to a name in it',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted; give the certificate that signed it in tls.ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted; give the certificate that signed it in tls.ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted; give the certificate that signed it in tls.ca',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants to see a certificate; give tls.cert and tls.key',
}

export function unreachable(origin: string, error: Error): Outage {
  const code = (error as NodeJS.ErrnoException).code ?? error.message
  const remedy = REMEDIES[code]
  return new Outage(`Consul at ${origin} cannot be reached (${code})${remedy === undefined ? '' : `: ${remedy}`}.`, { cause: error })
}

/** Who was asked, and what must not be repeated. */
export interface Asked {
  readonly origin: string
  readonly token: string | undefined
}

/** What is done about an answer that is none. `subject` says what was asked for. */
export function refusal({ origin, token }: Asked, { status, body }: HttpAnswer, subject: string): Outage {
  const text = body.subarray(0, 300).toString()
  const said = (token === undefined ? text : text.replaceAll(token, '[token]')).replaceAll(/[^\x20-\x7e]+/g, ' ').trim()
  const remedy =
    status === 401 || status === 403
      ? 'the token was refused; give one in token that may read services and nodes (service_prefix "" and node_prefix "" with policy read), and keys where schemas are in the key-value store'
      : said.startsWith('No path to datacenter')
        ? 'there is no such datacenter; check datacenter'
        : said.includes('Enterprise feature')
          ? 'this Consul has no namespaces; leave out namespace'
          : said.includes('boolean expression')
            ? 'it does not understand filter'
            : 'is this Consul?'
  return new Outage(`Consul at ${origin} answered ${status} to the question for ${subject}${said === '' ? '' : ` ("${said}")`}: ${remedy}.`)
}
