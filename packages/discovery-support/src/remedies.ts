/** What to do, by the code of an error of Node. */
export type Remedies = ReadonlyMap<string, string>

/** How a provider calls the things that can be wrong with a connection. */
export interface RemedyWords {
  /** The option with the address of the registry: `endpoints`. */
  readonly address: string
  /** Who is to listen there: `etcd`, `the agent`. */
  readonly server: string
  /** How TLS is left out: `write http:// in endpoints`. */
  readonly plain: string
  /** How TLS is spoken: `write https:// in endpoints`. */
  readonly secure: string
  /** What to do about a certificate that is not trusted. Default: what `tlsOptions` has for it, as in the rest. */
  readonly trust?: string
  /** About a certificate for another name. */
  readonly naming?: string
  /** About a server that wants to see a certificate. */
  readonly showing?: string
}

/** The words of a provider without an option `tls`, whose addresses say whether TLS is spoken. */
export const SYSTEM_TRUST = {
  plain: 'write http',
  secure: 'write https',
  trust: 'make the system trust it (NODE_EXTRA_CA_CERTS)',
  naming: 'write a name that is in it',
  showing: 'that cannot be done; write a server that does without',
} satisfies Partial<RemedyWords>

/** What to do about connections that cannot be made, in a provider's own words. */
export function remediesOf({
  address,
  server,
  plain,
  secure,
  trust = 'give the certificate that signed it in tls.ca',
  naming = 'set tls.server_name to a name in it',
  showing = 'give tls.cert and tls.key',
}: RemedyWords): Remedies {
  const noTls = `it does not speak TLS; ${plain}, or name the port for HTTPS`
  const untrusted = `its certificate is not trusted; ${trust}`
  const firewall = 'check firewalls and network policies'
  return new Map([
    ['ECONNREFUSED', `nobody listens there; check ${address}, and whether ${server} runs`],
    ['ENOTFOUND', `there is no such host; check ${address}`],
    ['EAI_AGAIN', `the name cannot be looked up now; check ${address} and DNS`],
    ['ETIMEDOUT', `it does not answer; ${firewall}`],
    ['EHOSTUNREACH', `there is no way to it; ${firewall}`],
    ['ECONNRESET', `the connection was cut; where ${server} speaks TLS, ${secure}`],
    ['HPE_INVALID_CONSTANT', `it does not speak HTTP; where ${server} speaks TLS, ${secure}, and name the port for clients`],
    ['EPROTO', noTls],
    ['ERR_SSL_WRONG_VERSION_NUMBER', noTls],
    ['ERR_TLS_CERT_ALTNAME_INVALID', `its certificate is for another name; ${naming}`],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', untrusted],
    ['SELF_SIGNED_CERT_IN_CHAIN', untrusted],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', untrusted],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', untrusted],
    ['CERT_HAS_EXPIRED', 'its certificate has expired'],
    // What Go says as well when it is shown none.
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', `it wants to see a certificate that it trusts; ${showing}`],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', `it wants to see a certificate; ${showing}`],
  ])
}
