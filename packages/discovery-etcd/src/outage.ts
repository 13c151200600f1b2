/** Why the registry tells nothing: one sentence, without credentials. */
export class Outage extends Error {
  override readonly name: string = 'Outage'
}

/** An outage that every member of the cluster would answer with alike. */
export class Refusal extends Outage {
  override readonly name = 'Refusal'
}

const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there; check endpoints, and whether etcd runs',
  ENOTFOUND: 'there is no such host; check endpoints',
  EAI_AGAIN: 'the name cannot be looked up now; check endpoints and DNS',
  ECONNRESET: 'the connection was cut; where etcd speaks TLS, write https:// in endpoints',
  EPROTO: 'it does not speak TLS; write http:// in endpoints',
  HPE_INVALID_CONSTANT: 'it does not speak HTTP; where it speaks TLS, write https:// in endpoints, and name the port for clients',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; write http:// in endpoints',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name; set tls.server_name to a name in it',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted; give the certificate that signed it in tls.ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted; give the certificate that signed it in tls.ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted; give the certificate that signed it in tls.ca',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  // What Go says as well when it is shown none.
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'it wants to see a certificate that it trusts; give tls.cert and tls.key',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants to see a certificate; give tls.cert and tls.key',
}

export function unreachable(origin: string, error: Error): Outage {
  const code = (error as NodeJS.ErrnoException).code ?? error.message
  const remedy = REMEDIES[code]
  return new Outage(`etcd at ${origin} cannot be reached (${code})${remedy === undefined ? '' : `: ${remedy}`}.`, { cause: error })
}

/** What etcd answers instead of what was asked for, by the numbers of gRPC. */
export interface Rejection {
  readonly code: number
  readonly message: string
}

const INVALID_ARGUMENT = 3
const PERMISSION_DENIED = 7
const UNAUTHENTICATED = 16

/** Whether another token may help: etcd forgets one that was not used for a while, and all of them when users change. */
export function isStaleToken({ code, message }: Rejection): boolean {
  return code === UNAUTHENTICATED || (code === INVALID_ARGUMENT && /user name is empty|revision of auth store is old/.test(message))
}

/** What was asked, and whether with credentials. */
export interface Asked {
  readonly subject: string
  readonly isAnonymous: boolean
}

export function refusalOf(origin: string, { code, message }: Rejection, { subject, isAnonymous }: Asked): Outage {
  const said = clean(message)
  // To etcd, who shows a certificate is somebody, though nobody whom it knows.
  if (message.includes('user name is empty') || (isAnonymous && code === PERMISSION_DENIED))
    return new Refusal(`etcd at ${origin} demands credentials ("${said}"): give username and password.`)
  if (code === PERMISSION_DENIED)
    return new Refusal(
      `etcd at ${origin} does not let the user read ${subject} (permission denied): grant one of its roles to read it (etcdctl role grant-permission <role> --prefix=true read <prefix>), or leave it out of prefixes.`,
    )
  if (message.includes('authentication failed'))
    return new Refusal(`etcd at ${origin} refuses the credentials ("${said}"): check username and password.`)
  if (/connection closed|transport is closing/.test(message))
    return new Outage(
      `etcd at ${origin} cannot reach itself ("${said}"): with --client-cert-auth its own certificate must be good for clients as well, because its JSON gateway is one.`,
    )
  return new Outage(`etcd at ${origin} answered "${said}" to the question for ${subject}.`)
}

/** What a stranger wrote, fit for a line of a log. */
export function clean(text: string): string {
  return text
    .slice(0, 300)
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
}
