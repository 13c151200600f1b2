import { choice, flag, port, weight, whole } from './scalars.ts'
import { defaulted, list, optional, required, section } from './keys.ts'
import { host, name, pem, text, textMap } from './texts.ts'
import { ownBalancing } from './balancing.ts'
import { ownConnectTimeout, ownTimeouts } from './routing.ts'
import { ownHealth } from './health.ts'
import { ownRetry } from './retry.ts'

const instance = section({
  address: required(host(), { description: 'Host name or address.' }),
  port: required(port(1), { description: 'Port.' }),
  weight: defaulted(weight(), 1, { description: 'Share of the traffic relative to the other instances. 0 gets none.' }),
  zone: optional(text(), { description: 'Where the instance runs.' }),
  priority: optional(whole({ min: 0, max: 100 }), {
    description: 'Instances of higher numbers get requests as far as those of lower ones are out.',
    otherwise: '0, the first',
  }),
  id: optional(text(), {
    description: 'A stable name: what the gateway knows about the health of an id outlives every change of the configuration.',
    otherwise: 'scheme, address and port',
  }),
  metadata: optional(textMap(), { description: 'Labels of the instance.', otherwise: 'none' }),
})

const tls = section({
  ca: optional(pem('certificate'), {
    description: 'The certificates that are trusted instead of those of the system, as a file or in PEM form.',
    otherwise: 'those of the system',
  }),
  verify: defaulted(flag(), true, {
    description: 'Whether the certificate and the name in it must be right.',
    risk: 'With `false`, anybody on the way can read and answer.',
  }),
  server_name: optional(host(), {
    description: 'The name that is asked for (SNI) and expected in the certificate.',
    otherwise: 'the address of the instance',
  }),
})

export const upstream = section({
  name: required(name(), { description: 'The name that routes use.' }),
  instances: optional(list(instance), { description: 'Where it runs. Either this or `service`.' }),
  service: optional(name(), { description: 'The name of a discovered service whose instances are used. Either this or `instances`.' }),
  scheme: optional(choice(['http', 'https']), {
    description: 'How `instances` are spoken to. Discovered instances say so themselves.',
    otherwise: 'http',
  }),
  protocol: defaulted(choice(['auto', 'http1', 'h2', 'h2c']), 'auto', {
    description:
      '`http1`; `h2`, HTTP/2 over TLS; `h2c`, HTTP/2 in the clear, by prior knowledge; `auto`: over TLS what the upstream likes best (ALPN), in the clear HTTP/1.1, and HTTP/2 for gRPC.',
    risk: 'With `h2c`, an upstream that speaks only HTTP/1.1 answers nothing.',
  }),
  tls: optional(tls, { description: 'TLS towards the instances, where `scheme` is `https`.' }),
  host: defaulted(choice(['preserve', 'upstream']), 'preserve', {
    description: 'The Host field the upstream sees: the one of the client, or its own.',
    risk: 'With `upstream`, links that the upstream makes from it point at the upstream.',
  }),
  ...ownTimeouts,
  connect_timeout: ownConnectTimeout,
  ...ownRetry,
  ...ownBalancing,
  ...ownHealth,
})
