import { defaulted, list, optional, required, section } from '../keys.ts'
import { duration } from '../scalars.ts'
import { leaf, Refusal, type Leaf } from '../leaf.ts'

export const seeds = optional(
  section({
    urls: required(list(seed()), {
      description: 'Addresses of services, one for each instance: `http://10.0.0.7:8081`. Each is asked for `/_farp/discovery` behind it.',
      risk: 'Whoever answers there says where requests go.',
    }),
    interval: defaulted(duration('1s'), '10s', {
      description: 'How often each of them is asked.',
      risk: 'So long what a service says anew is not known.',
    }),
  }),
  { description: 'Services that say themselves who they are.' },
)

/** The address of a service. Never shown: people write passwords into such addresses. */
function seed(): Leaf<string> {
  return leaf({
    name: 'URL',
    secret: true,
    json: { type: 'string', pattern: '^https?://' },
    parse(value) {
      const url = typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value) ? new URL(value) : undefined
      if (url === undefined) return new Refusal('must be an address such as http://10.0.0.7:8081')
      if (url.username !== '' || url.password !== '') return new Refusal('must not hold a user name or a password')
      return /[@?#]/.test(value as string) ? new Refusal('must not hold a query or a fragment') : (value as string)
    },
  })
}
