import { choice, flag } from './scalars.ts'
import { defaulted, list, optional, required, section } from './keys.ts'
import { pem, serverName, tlsVersion } from './texts.ts'

const cert = (): ReturnType<typeof pem> => pem('certificate')
const key = (): ReturnType<typeof pem> => pem('private key')

const certificate = section({
  cert: required(cert(), { description: 'As `tls.cert`.' }),
  key: required(key(), { description: 'As `tls.key`.' }),
  hosts: optional(list(serverName()), {
    description: 'The names it is shown for: exact, or `*.example.com`.',
    otherwise: 'the names in the certificate',
  }),
})

const ca = (): ReturnType<typeof required<string>> =>
  required(pem('certificate'), { description: 'The certificates that sign those of clients, as a file or in PEM form.' })

/** What is said alike of every listener with TLS. */
const listener = {
  cert: optional(cert(), {
    description:
      'The certificate and those that lead from it to the root, as a file or in PEM form: for clients that ask for a name nobody has. A file is read again when it changes.',
  }),
  key: optional(key(), { description: 'The private key of `cert`, as a file or in PEM form, not encrypted.' }),
  certificates: defaulted(list(certificate), [], { description: 'More certificates, chosen by the name that the client asks for (SNI).' }),
  min_version: defaulted(tlsVersion(), '1.2', { description: 'The oldest version of TLS that is spoken: `1.2` or `1.3`.' }),
}

const clientAuth = section({
  ca: ca(),
  mode: defaulted(choice(['required', 'optional']), 'required', {
    description: '`required` refuses connections without a certificate; `optional` leaves it to policies what may be done without one.',
    risk: 'With `optional`, a route without a policy that looks at the certificate is open.',
  }),
})

export const tls = section({
  enabled: defaulted(flag(), true, {
    description: 'Whether the TLS listener is there. It speaks HTTP/2 and HTTP/1.1, as the client likes (ALPN).',
  }),
  ...listener,
  client_auth: optional(clientAuth, { description: 'Certificates of clients.', otherwise: 'none is asked for' }),
  redirect_http: defaulted(flag(), false, {
    description: 'Answer plain HTTP with a redirect (308) to HTTPS instead of serving it.',
    risk: 'What was sent before the redirect went over the line in the clear.',
  }),
})

const adminClientAuth = section({
  ca: ca(),
  mode: defaulted(choice(['required', 'optional']), 'required', {
    description:
      '`required` refuses connections without a certificate, also those of operators; `optional` asks for one for the sake of `farp.push.client_certificates`. One that is not valid is refused with both.',
  }),
})

export const adminTls = section({
  enabled: defaulted(flag(), true, {
    description: 'Whether the admin listener speaks HTTPS (HTTP/1.1) in the place of HTTP.',
  }),
  ...listener,
  client_auth: optional(adminClientAuth, {
    description: 'Certificates of clients. They open `farp.push` where that says so; the admin API itself still wants `admin.auth`.',
    otherwise: 'none is asked for',
  }),
})
