import { optional, required, section } from '../keys.ts'
import { text } from '../texts.ts'

export const file = optional(
  section({
    path: required(text('file'), {
      description:
        'The file, in YAML or JSON: a list of services, or a map with `services`. Written anew or swapped behind a link, it is read again.',
    }),
  }),
  { description: 'Services of a file.' },
)
