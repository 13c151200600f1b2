import { commandHelp, generalHelp, groupHelp } from './help.ts'
import { complain, printIssues, say } from './print.ts'
import { ConfigError } from '@octopus-gateway/core'
import { EXIT, Ending } from './exit.ts'
import { HELP } from './configuration.ts'
import { dev } from './commands/dev.ts'
import { discover } from './commands/discover.ts'
import { farp, FARP_COMMANDS } from './commands/farp/index.ts'
import { init } from './commands/init.ts'
import { readArguments, type CommandSpec, type OptionSpec } from './arguments.ts'
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

const GROUP: readonly Command[] = Object.values(FARP_COMMANDS)

/** What the overview lists. */
const LISTED: readonly CommandSpec[] = [...COMMANDS.slice(0, -2), farp, ...COMMANDS.slice(-2)]

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
  if (argv[0] === farp.name) return runGroup(argv.slice(1), io)
  const args = readArguments(argv, LISTED, bare)
  const command = COMMANDS.find((one) => one.name === args.command)
  if (args.options.help !== undefined) {
    say(io, command === undefined ? generalHelp(LISTED, bare) : commandHelp(command))
    return EXIT.ok
  }
  return (args.options.version === undefined ? (command ?? bare) : version).run(args, io)
}

/** `octopus farp validate …`: two words name the command. */
async function runGroup([word, ...rest]: readonly string[], io: Io): Promise<number> {
  if (word === undefined || word.startsWith('-')) {
    say(io, groupHelp(farp, GROUP))
    return word === '--help' || word === '-h' ? EXIT.ok : EXIT.usage
  }
  const args = readArguments([`${farp.name} ${word}`, ...rest], GROUP, { ...farp, options: {} })
  const command = GROUP.find((one) => one.name === args.command)!
  if (args.options.help === undefined) return command.run(args, io)
  say(io, commandHelp(command))
  return EXIT.ok
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
