import { choice, port, weight } from './scalars.ts'
import { defaulted, later, list, optional, required, section } from './keys.ts'
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

/** A block of a backend that is not built yet: each of its keys is refused by name. */
function backend(description: string, keys: Readonly<Record<string, string>>): ReturnType<typeof optional<object>> {
  return optional(section(Object.fromEntries(Object.entries(keys).map(([key, meaning]) => [key, later(meaning)]))), { description })
}

export const discovery = section({
  backend: required(choice(['static'], ['kubernetes', 'consul', 'etcd', 'eureka', 'dns', 'file', 'mdns', 'seeds']), {
    description: 'Where services are found. The environment variable `DISCOVERY_BACKEND` overrides it.',
  }),
  static: defaulted(
    section({
      services: defaulted(list(service), [], { description: 'Instances that are always there.' }),
    }),
    {},
    { description: 'Services written here.' },
  ),
  backends: later('Several backends at once.'),
  kubernetes: backend('Services of a cluster.', {
    namespace: 'Namespaces to watch.',
    label_selector: 'Which services take part.',
    kubeconfig: 'File with the access to the cluster.',
    port_name: 'Which port of a service is used.',
    include_not_ready: 'Whether endpoints that are not ready take part.',
  }),
  consul: backend('Services of Consul.', {
    address: 'Address of the agent.',
    scheme: 'http or https.',
    token: 'Access token.',
    datacenter: 'Datacenter to ask.',
    namespace: 'Namespace to ask.',
    tags: 'Tags a service must carry.',
    filter: 'Filter expression.',
    passing_only: 'Whether only passing instances take part.',
    consistency: 'Consistency mode.',
    tls: 'TLS towards the agent.',
  }),
  etcd: backend('Services of etcd.', {
    endpoints: 'Addresses of the cluster.',
    prefixes: 'Key prefixes to watch.',
    username: 'User name.',
    password: 'Password.',
    tls: 'TLS towards the cluster.',
  }),
  eureka: backend('Services of Eureka.', {
    servers: 'Addresses of the servers.',
    interval: 'How often to ask.',
    zone: 'Preferred zone.',
    username: 'User name.',
    password: 'Password.',
    register: 'Whether the gateway registers itself.',
  }),
  dns: backend('Services of DNS.', {
    names: 'Names to resolve.',
    servers: 'Servers to ask.',
    interval: 'How often to ask.',
  }),
  file: backend('Services of a file.', { path: 'The file.' }),
  mdns: backend('Services of the local network.', { service_types: 'Types to look for.', domain: 'Domain to look in.' }),
  seeds: backend('Services that list themselves.', { urls: 'Addresses to ask.', interval: 'How often to ask.' }),
})
