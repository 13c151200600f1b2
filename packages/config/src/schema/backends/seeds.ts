import { defaulted, list, optional, required, section } from '../keys.ts'
import { duration } from '../scalars.ts'
import { httpUrl } from '../access.ts'
import { Refusal, type Leaf } from '../leaf.ts'

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

/** The address of a service. */
function seed(): Leaf<string> {
  return httpUrl({
    example: 'http://10.0.0.7:8081',
    hasCredentials: false,
    take: (_url, text) => (/[@?#]/.test(text) ? new Refusal('must not hold a query or a fragment') : text),
  })
}
