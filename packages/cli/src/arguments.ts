import { parseArgs } from 'node:util'
import { EXIT, Ending } from './exit.ts'
import { nearest } from '@octopus-gateway/config'

/** One option of a command. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  /** What stands for the value in the help: `FILE`. */
  readonly value?: string
  readonly description: string
}

/** What a command takes. */
export interface CommandSpec {
  readonly name: string
  readonly summary: string
  /** More lines for its own help. */
  readonly details?: string
  readonly options: Readonly<Record<string, OptionSpec>>
  /** The one argument it takes, as it is called in the help. */
  readonly argument?: string
  /** The one after it. */
  readonly second?: string
}

/** Arguments that were understood. */
export interface Arguments {
  /** `undefined` when none was named: serving needs no word. */
  readonly command: string | undefined
  readonly argument: string | undefined
  readonly second: string | undefined
  readonly options: Readonly<Record<string, readonly string[]>>
}

/** A mistake on the command line: the message, and where help is. */
export function usageError(message: string, command?: string): Ending {
  return new Ending(EXIT.usage, `octopus: ${message}\nTry: octopus ${command === undefined ? '' : `${command} `}--help`)
}

/** Reads the command line. Throws an `Ending` with a suggestion for a word that is not known. */
export function readArguments(argv: readonly string[], commands: readonly CommandSpec[], fallback: CommandSpec): Arguments {
  const all = Object.assign({}, fallback.options, ...commands.map((command) => command.options)) as Record<string, OptionSpec>
  const options = Object.fromEntries(
    Object.entries(all).map(([name, { type, short }]) => [name, { type, multiple: true, ...(short === undefined ? {} : { short }) }]),
  )
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
  const stranger = tokens.find((token) => token.kind === 'option' && !Object.hasOwn(all, token.name))
  if (stranger?.kind === 'option') throw unknownOption(stranger.rawName, all)
  const words = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []))
  const [word, argument, second, extra] = words
  const command = word === undefined ? fallback : commands.find((one) => one.name === word)
  if (command === undefined) throw unknownCommand(word!, commands)
  const named = word === undefined ? undefined : command.name
  const surplus = command.argument === undefined ? argument : command.second === undefined ? second : extra
  if (surplus !== undefined) throw usageError(`"${surplus}" is one argument too many`, named)
  const given: Record<string, string[]> = {}
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const spec = command.options[token.name]
    if (spec === undefined) throw unknownOption(token.rawName, command.options, named)
    given[token.name] = [...(given[token.name] ?? []), valueOf(token, spec, named)]
  }
  for (const [name, values] of Object.entries(given)) {
    if (values.length > 1 && command.options[name]!.multiple !== true && command.options[name]!.type === 'string')
      throw usageError(`--${name} may be given once`, named)
  }
  return { command: named, argument, second, options: given }
}

interface OptionToken {
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function valueOf(token: OptionToken, spec: OptionSpec, command: string | undefined): string {
  const { rawName, value, inlineValue } = token
  if (spec.type === 'boolean') {
    if (value !== undefined) throw usageError(`${rawName} takes no value`, command)
    return 'true'
  }
  if (value === undefined || value === '' || (inlineValue !== true && value.startsWith('-')))
    throw usageError(`${rawName} needs a value: ${rawName} ${spec.value}`, command)
  return value
}

function unknownCommand(word: string, commands: readonly CommandSpec[]): Ending {
  if (/\.ya?ml$/.test(word)) return usageError(`there is no command "${word}"; did you mean --config ${word}?`)
  const near = nearest(
    word,
    commands.map((command) => command.name),
  )
  return usageError(`there is no command "${word}"${near === undefined ? '' : `; did you mean ${near}?`}`)
}

function unknownOption(rawName: string, options: Readonly<Record<string, OptionSpec>>, named?: string): Ending {
  const near = nearest(rawName.replace(/^-+/, ''), Object.keys(options))
  const hint = rawName.startsWith('--') && near !== undefined ? `; did you mean --${near}?` : ''
  return usageError(`there is no option ${rawName}${hint}`, named)
}
