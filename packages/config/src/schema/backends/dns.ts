import { choice, duration, port } from '../scalars.ts'
import { defaulted, list, optional, required, section } from '../keys.ts'
import { isHost, name, text } from '../texts.ts'
import { leaf, Refusal, type Leaf } from '../leaf.ts'

const entry = section({
  name: required(text('name'), { description: 'The name to look up: `_http._tcp.users.example.com` for SRV, a host name for `a`.' }),
  service: optional(name(), {
    description: 'What the service is called.',
    otherwise: 'the first label of `name` that does not begin with `_`',
  }),
  type: defaulted(choice(['srv', 'a']), 'srv', {
    description: '`srv`: hosts, ports, priorities and weights. `a`: addresses (A and AAAA) of instances that all have the same port.',
  }),
  port: optional(port(1), { description: 'The port of every instance. Only with `type: a`, and needed there.' }),
})

export const dns = optional(
  section({
    names: required(list(entry), { description: 'Services: DNS cannot list them.' }),
    servers: defaulted(list(nameServer()), [], {
      description: 'Name servers to ask, in this order: `10.0.0.2`, `10.0.0.2:5353`, `[fd00::2]:5353`. Empty: those of the system.',
      risk: 'Whoever answers says where requests go; DNS is not encrypted.',
    }),
    interval: defaulted(duration('100ms'), '10s', {
      description: 'How often is asked. Records that may be kept for a shorter time are asked for anew after that.',
      risk: 'So long an instance that is gone may get requests.',
    }),
  }),
  { description: 'Services of DNS.' },
)

/** The address of a name server: `node:dns` looks no names up to find one. */
function nameServer(): Leaf<string> {
  return leaf({
    name: 'address, or address:port',
    text: true,
    json: { type: 'string', minLength: 1 },
    parse(value, shown) {
      const given = typeof value === 'string' ? value : ''
      const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(given)
      const bare = match?.[1] ?? match?.[2] ?? given
      const number = Number(match?.[3] ?? 53)
      if (/[.:]/.test(bare) && /^[\d.A-Fa-f:]+$/.test(bare) && isHost(bare) && number >= 1 && number <= 65_535) return given
      return new Refusal(`must be the address of a name server such as 10.0.0.2, 10.0.0.2:5353 or [fd00::2]:5353, not ${shown}`)
    },
  })
}
