import { commandHelp, generalHelp } from './help.ts'
import { complain, printIssues, say } from './print.ts'
import { ConfigError } from '@octopus-gateway/core'
import { EXIT, Ending } from './exit.ts'
import { HELP } from './configuration.ts'
import { dev } from './commands/dev.ts'
import { discover } from './commands/discover.ts'
import { init } from './commands/init.ts'
import { readArguments, type OptionSpec } from './arguments.ts'
import { routes } from './commands/routes.ts'
import { schema } from './commands/schema.ts'
import { serve } from './commands/serve.ts'
import { validate } from './commands/validate.ts'
import { version } from './commands/version.ts'
import type { Command } from './commands/command.ts'
import type { Io } from './io.ts'

export { EXIT } from './exit.ts'
export type { Io } from './io.ts'

const COMMANDS: readonly Command[] = [serve, dev, validate, routes, discover, schema, init, version]

const VERSION: OptionSpec = { type: 'boolean', short: 'v', description: 'Print the version.' }

/** Without a command, the gateway is started, and the two options that every program has are understood. */
const bare: Command = { ...serve, options: { ...serve.options, help: HELP, version: VERSION } }

/**
 * Runs the `octopus` command and gives its exit code: 0 clean stop, 1 failure, 2 usage, 69 address in use, 78 invalid configuration.
 * `argv` is without the program (`process.argv.slice(2)`). Never rejects: what goes wrong is printed to `io.stderr` in words, without a stack.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await run(argv, io)
  } catch (error) {
    return explain(error, io)
  }
}

async function run(argv: readonly string[], io: Io): Promise<number> {
  if (argv[0] === 'help') return run([...argv.slice(1), '--help'], io)
  const args = readArguments(argv, COMMANDS, bare)
  const command = COMMANDS.find((one) => one.name === args.command)
  if (args.options.help !== undefined) {
    say(io, command === undefined ? generalHelp(COMMANDS, bare) : commandHelp(command))
    return EXIT.ok
  }
  return (args.options.version === undefined ? (command ?? bare) : version).run(args, io)
}

function explain(error: unknown, io: Io): number {
  if (error instanceof ConfigError) {
    printIssues(io, error)
    return EXIT.config
  }
  if (error instanceof Ending) {
    complain(io, error.message)
    return error.code
  }
  complain(io, `octopus: ${error instanceof Error ? error.message : String(error)}`)
  return EXIT.failure
}
