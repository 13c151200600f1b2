import { defaulted, optional, required, section } from './keys.ts'
import { anyMap, text } from './texts.ts'
import { flag } from './scalars.ts'

/** An item of `plugins`. */
export const plugin = Object.assign(
  section({
    name: required(text(), {
      description: '`jwt-auth`, or the name of an installed package. With `path`, any name that is not taken.',
    }),
    path: optional(text(), {
      description:
        'A JavaScript module whose default export, or whose export `plugin`, is made with `definePlugin`. Starts at the file it is written in.',
      otherwise: 'the package is looked up by `name`',
      risk: 'The module runs inside the gateway and may do whatever it may.',
    }),
    enabled: defaulted(flag(), true, { description: '`false` leaves the plugin out as if it were not written.' }),
    config: optional(anyMap(), {
      description:
        'What the plugin is told; it decides what belongs here. `jwks_url` reaches it as `jwksUrl`: the keys of this map, not those of maps inside.',
      otherwise: 'what the plugin does without',
    }),
  }),
  { shared: 'plugin' as const },
)
