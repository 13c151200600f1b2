import type { Arguments, CommandSpec } from '../arguments.ts'
import type { Io } from '../io.ts'

/** A command: what it takes, and what it does. Gives the exit code; throws an `Ending`, a `ConfigError`, or whatever went wrong. */
export interface Command extends CommandSpec {
  run(args: Arguments, io: Io): Promise<number>
}
