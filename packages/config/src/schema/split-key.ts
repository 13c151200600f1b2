import { isSplitKey, type SplitKey } from '@octopus-gateway/core'
import { leaf, Refusal, type Leaf } from './leaf.ts'

/** RFC 9110, section 5.6.2. */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"

/** What clients are told apart by. */
export function splitKey(): Leaf<SplitKey> {
  return leaf({
    name: '`ip`, `header:<name>`, `cookie:<name>`',
    text: true,
    json: { type: 'string', pattern: `^(ip|(header|cookie):${TOKEN})$` },
    parse(value, shown) {
      return typeof value === 'string' && isSplitKey(value)
        ? value
        : new Refusal(`must be ip, header:<name> or cookie:<name>, such as cookie:session, not ${shown}`)
    },
  })
}
