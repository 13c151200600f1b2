import { choice, port, weight } from './scalars.ts'
import { consul } from './backends/consul.ts'
import { defaulted, list, optional, required, section } from './keys.ts'
import { dns } from './backends/dns.ts'
import { etcd } from './backends/etcd.ts'
import { eureka } from './backends/eureka.ts'
import { file } from './backends/file.ts'
import { kubernetes } from './backends/kubernetes.ts'
import { mdns } from './backends/mdns.ts'
import { seeds } from './backends/seeds.ts'
import { host, name, text, textMap } from './texts.ts'

const service = section({
  name: required(name(), { description: 'The name of the service. Several entries with one name are instances of one service.' }),
  address: required(host(), { description: 'Host name or address of the instance.' }),
  port: required(port(1), { description: 'Port of the instance.' }),
  weight: defaulted(weight(), 1, { description: 'Share of the traffic relative to the other instances. 0 gets none.' }),
  zone: optional(text(), { description: 'Where the instance runs.' }),
  version: optional(text(), { description: 'The version of the service that runs there.' }),
  metadata: optional(textMap(), {
    description: 'What a registry would carry. `farp.manifest` says where the manifest is.',
    otherwise: 'the manifest is looked for at `/_farp/manifest`',
  }),
})

/** Where services can be found. */
const BACKENDS = ['static', 'consul', 'dns', 'etcd', 'eureka', 'file', 'kubernetes', 'mdns', 'seeds'] as const

export const discovery = section({
  backend: optional(choice(BACKENDS), {
    description: 'Where services are found. The environment variable `DISCOVERY_BACKEND` overrides it. Either this or `backends`.',
    otherwise: '`backends`',
  }),
  backends: optional(list(choice(BACKENDS)), {
    description:
      'Several of them at once. A service that two of them know has the instances of both; of two with one id the first one counts. What `mdns` finds never changes a service that another one knows.',
    otherwise: 'only `backend`',
  }),
  static: defaulted(
    section({
      services: defaulted(list(service), [], { description: 'Instances that are always there.' }),
    }),
    {},
    { description: 'Services written here.' },
  ),
  kubernetes,
  consul,
  etcd,
  eureka,
  dns,
  file,
  mdns,
  seeds,
})
