import { configJsonSchema } from '@octopus-gateway/config'
import { EXIT } from '../exit.ts'
import { HELP } from '../configuration.ts'
import { say } from '../print.ts'
import type { Command } from './command.ts'

/** `octopus schema` */
export const schema: Command = {
  name: 'schema',
  summary: 'Print the JSON Schema of the configuration.',
  details:
    'Write it to a file, and begin the configuration with a line that names it:\n' +
    '  octopus schema > octopus.schema.json\n' +
    '  # yaml-language-server: $schema=./octopus.schema.json',
  options: { help: HELP },
  run(_args, io) {
    say(io, JSON.stringify(configJsonSchema(), null, 2))
    return Promise.resolve(EXIT.ok)
  },
}
