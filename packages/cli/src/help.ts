import type { CommandSpec, OptionSpec } from './arguments.ts'

/** The help of the whole command. */
export function generalHelp(commands: readonly CommandSpec[], serve: CommandSpec): string {
  const width = Math.max(...commands.map((command) => command.name.length))
  return [
    'Octopus Gateway: an API gateway that speaks FARP.',
    '',
    'Usage:',
    '  octopus --config FILE [--config FILE...]   start the gateway',
    '  octopus COMMAND [options]',
    '',
    'Commands:',
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    'Options:',
    ...optionLines(serve.options),
    '',
    'octopus COMMAND --help tells more about a command.',
    'Exit codes: 0 clean stop, 1 failure, 2 usage, 69 address in use, 78 invalid configuration.',
  ].join('\n')
}

/** The help of a group of commands: `octopus farp`. */
export function groupHelp(group: CommandSpec, commands: readonly CommandSpec[]): string {
  const width = Math.max(...commands.map((command) => command.name.length))
  return [
    `octopus ${group.name}: ${group.summary}`,
    '',
    'Commands:',
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    `octopus ${group.name} COMMAND --help tells more about a command.`,
  ].join('\n')
}

/** The help of one command. */
export function commandHelp(command: CommandSpec): string {
  return [
    `octopus ${command.name}: ${command.summary}`,
    '',
    `Usage: octopus ${command.name}${[command.argument, command.second].map((name) => (name === undefined ? '' : ` [${name}]`)).join('')} [options]`,
    '',
    ...(command.details === undefined ? [] : [command.details, '']),
    'Options:',
    ...optionLines(command.options),
  ].join('\n')
}

function optionLines(options: Readonly<Record<string, OptionSpec>>): string[] {
  const rows = Object.entries(options).map(([name, spec]) => [
    `${spec.short === undefined ? '    ' : `-${spec.short}, `}--${name}${spec.value === undefined ? '' : ` ${spec.value}`}`,
    spec.description,
  ])
  const width = Math.max(...rows.map(([left]) => left!.length))
  return rows.map(([left, right]) => `  ${left!.padEnd(width)}  ${right}`)
}
