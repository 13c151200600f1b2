import type { Console } from '@octopus-gateway/node'
import type { Follower } from './reloader.ts'

/** The log follows its level. */
export function followingLevel(output: Pick<Console, 'level'>): Follower {
  return {
    prepare: ({ logging }) =>
      Promise.resolve(() => {
        output.level = logging.level
      }),
  }
}
