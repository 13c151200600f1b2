import { adminPath, cidr } from './texts.ts'
import { defaulted, list, section } from './keys.ts'
import { duration, flag, whole } from './scalars.ts'
import { orFlag } from './either.ts'
import { pushCertificate } from './push-certificate.ts'
import { pushToken } from './push-token.ts'

export const push = section({
  enabled: defaulted(flag(), false, {
    description: 'Accept registrations. Without tokens, certificates and `allow_from`, of callers on this machine alone.',
    risk: 'Who may register decides where requests go.',
  }),
  tokens: defaulted(list(pushToken()), [], {
    description:
      'Who shows one of these (`Authorization: Bearer …`) may register: a token of at least 16 characters, or a map with `token` and the `services` it is for.',
    risk: 'A token without `services` may register any service that nobody else has registered.',
  }),
  client_certificates: defaulted(orFlag(list(pushCertificate())), false, {
    description:
      'Who has shown a valid certificate with one of these names may register: a whole name (`DNS:users.internal`, `URI:spiffe://shop/users`, `email:…`, `IP:…`) or a SHA-256 fingerprint, or a map with `name` and the `services` it is for. The first that fits counts; `true` takes every certificate. Needs `admin.tls.client_auth`.',
    risk: 'A name without `services`, and `true`, may register any service that nobody else has registered.',
  }),
  allow_from: defaulted(list(cidr()), [], {
    description: 'Addresses that may call at all. Without tokens and certificates they need nothing more.',
    risk: 'Without tokens and certificates, every program on these machines may register.',
  }),
  heartbeat_timeout: defaulted(duration('10ms'), '30s', {
    description: 'How long an instance that sends heartbeats may be silent until it is out.',
  }),
  missed_probes: defaulted(whole({ min: 1, max: 10_000 }), 12, {
    description:
      'After how many looks in a row that found nobody an instance that never sent a heartbeat is forgotten. It gets no requests long before.',
    risk: 'Forge registers once: after a number that is too small for an outage its services stay away until they restart.',
  }),
  aliases: defaulted(list(adminPath()), [], {
    description: 'Further places of the same endpoints beside `/_farp/v1` and `/__/farp`, such as `/farp`.',
  }),
})
