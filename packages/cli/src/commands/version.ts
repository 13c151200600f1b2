import { EXIT } from '../exit.ts'
import { HELP } from '../configuration.ts'
import { packageVersion } from '../version.ts'
import { say } from '../print.ts'
import type { Command } from './command.ts'

/** `octopus version` */
export const version: Command = {
  name: 'version',
  summary: 'Print the version.',
  options: { help: HELP },
  run(_args, io) {
    say(io, `octopus ${packageVersion()}`)
    return Promise.resolve(EXIT.ok)
  },
}
