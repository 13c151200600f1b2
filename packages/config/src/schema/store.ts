import { folder } from './texts.ts'
import { optional, section } from './keys.ts'

export const store = section({
  path: optional(folder(), {
    description:
      'The folder it is kept in, one file per entry; gateways that are given one folder share it. Relative to the file that names it. Made at the first write.',
    otherwise: '`.octopus` in the working directory',
    risk: 'Whoever can write there decides where requests go.',
  }),
})
