import { defaulted, list, optional, required, section } from '../keys.ts'
import { duration } from '../scalars.ts'
import { name, ruled, text } from '../texts.ts'
import type { Leaf } from '../leaf.ts'

export const mdns = optional(
  section({
    service_types: required(list(serviceType()), {
      description: 'Types to look for: `_farp._tcp`, `_http._tcp`. An instance that is there under several of them counts once.',
      risk: 'Nothing is signed: anybody in the network may announce a service. A service that another backend knows is never changed by that.',
    }),
    domain: defaulted(domain(), 'local', { description: 'The domain to look in. Hosts answer by themselves for `local` only.' }),
    interface: optional(text('interface'), {
      description:
        'The only network interface that is used: by its name (`eth0`) over IPv4 and IPv6, by one of its addresses (`192.168.1.7`, `fe80::7`) over this family alone.',
      otherwise: 'every interface that is up, but loopback',
      risk: "Without it, everybody in all of the machine's networks is heard.",
    }),
    allowed_services: optional(list(name()), {
      description: 'Names of the services that may be found.',
      otherwise: 'all of them, and a warning: for development',
      risk: 'Without it, anybody in the network may add services.',
    }),
    interval: defaulted(duration('1s'), '30s', {
      description: 'How often is asked; a quarter of the time for which things are said, where that is shorter.',
      risk: 'An instance that vanishes without a word is known for three times as long.',
    }),
    browse_time: defaulted(duration('10ms'), '3s', {
      description: 'For how long answers are gathered before the first ones count.',
      risk: 'With less, hosts that answer late are not there when the gateway becomes ready.',
    }),
  }),
  { description: 'Services that announce themselves in the local network (mDNS, DNS-SD).' },
)

function serviceType(): Leaf<string> {
  return ruled({
    name: 'service type',
    what: 'a type such as _farp._tcp',
    pattern: '^_',
    refuse: (value) => {
      if (/^_[A-Za-z0-9](?:[A-Za-z0-9-]{0,60}[A-Za-z0-9])?\._tcp$/.test(value)) return undefined
      return value.endsWith('._udp') ? 'HTTP is spoken over TCP' : /\._tcp\../.test(value) ? 'leave out the domain' : ''
    },
  })
}

function domain(): Leaf<string> {
  return ruled({
    name: 'domain',
    what: 'a domain such as local',
    refuse: (value) => (/^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){0,8}[A-Za-z0-9-]{1,63}\.?$/.test(value) ? undefined : ''),
  })
}
