import { EXIT, Ending } from '../exit.ts'
import { HELP } from '../configuration.ts'
import { isAbsolute, join } from 'node:path'
import { say } from '../print.ts'
import { STARTER } from '../starter.ts'
import { writeFile } from 'node:fs/promises'
import type { Command } from './command.ts'

/** `octopus init` */
export const init: Command = {
  name: 'init',
  summary: 'Write a commented configuration to start from.',
  details: 'The file is octopus.yaml when no other is named. A file that exists is never overwritten.',
  argument: 'FILE',
  options: { help: HELP },
  async run(args, io) {
    const name = args.argument ?? 'octopus.yaml'
    try {
      await writeFile(isAbsolute(name) ? name : join(io.cwd, name), STARTER, { flag: 'wx' })
    } catch (error) {
      throw new Ending(EXIT.failure, `octopus: ${reason(name, error)}`)
    }
    say(io, `Wrote ${name}. Start the gateway with: octopus --config ${name}`)
    return EXIT.ok
  },
}

function reason(name: string, error: unknown): string {
  const code = (error as { readonly code?: unknown }).code
  if (code === 'EEXIST') return `${name} exists already and is left as it is; name another file: octopus init other.yaml`
  if (code === 'ENOENT') return `the directory of ${name} does not exist`
  return `${name} cannot be written: ${(error as Error).message}`
}
