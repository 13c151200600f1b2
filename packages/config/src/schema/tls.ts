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

const clientAuth = section({
  ca: required(pem('certificate'), { description: 'The certificates that sign those of clients, as a file or in PEM form.' }),
  mode: defaulted(choice(['required', 'optional']), 'required', {
    description: '`required` refuses connections without a certificate; `optional` leaves it to policies what may be done without one.',
    risk: 'With `optional`, a route without a policy that looks at the certificate is open.',
  }),
})

export const tls = section({
  enabled: defaulted(flag(), true, {
    description: 'Whether the TLS listener is there. It speaks HTTP/2 and HTTP/1.1, as the client likes (ALPN).',
  }),
  cert: optional(cert(), {
    description:
      'The certificate and those that lead from it to the root, as a file or in PEM form: for clients that ask for a name nobody has. A file is read again when it changes.',
  }),
  key: optional(key(), { description: 'The private key of `cert`, as a file or in PEM form, not encrypted.' }),
  certificates: defaulted(list(certificate), [], { description: 'More certificates, chosen by the name that the client asks for (SNI).' }),
  min_version: defaulted(tlsVersion(), '1.2', { description: 'The oldest version of TLS that is spoken: `1.2` or `1.3`.' }),
  client_auth: optional(clientAuth, { description: 'Certificates of clients.', otherwise: 'none is asked for' }),
  redirect_http: defaulted(flag(), false, {
    description: 'Answer plain HTTP with a redirect (308) to HTTPS instead of serving it.',
    risk: 'What was sent before the redirect went over the line in the clear.',
  }),
})
