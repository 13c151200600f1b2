import { formatTable } from '../../print.ts'
import { usageError, type Arguments, type OptionSpec } from '../../arguments.ts'

/** What is told of a finding. */
export interface ShownFinding {
  readonly severity: string
  /** Where in the manifest; empty for the whole of it. */
  readonly pointer: string
  /** The code of the rule, which `docs/farp.md` explains. */
  readonly rule: string
  readonly message: string
}

/** A finding as a source or the manifest's reader has it. */
interface Finding {
  readonly severity: string
  readonly code: string
  readonly message: string
  readonly pointer?: string
}

const ORDER = ['error', 'warning', 'info']

/** Findings, the worst first, those of one severity in the order they were found. */
export function shownFindings(findings: readonly Finding[]): ShownFinding[] {
  return findings
    .map(({ severity, code, message, pointer = '' }) => ({ severity, pointer, rule: code, message }))
    .sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
}

/** A table of findings. */
export function findingTable(findings: readonly ShownFinding[]): string {
  return formatTable(
    ['SEVERITY', 'POINTER', 'RULE', 'MESSAGE'],
    findings.map(({ severity, pointer, rule, message }) => [severity, pointer === '' ? '-' : pointer, rule, message]),
  )
}

export const FORMAT: OptionSpec = { type: 'string', value: 'FORMAT', description: 'How to print: text (default) or json.' }
export const STRICT: OptionSpec = { type: 'boolean', description: 'Apply the rules of the FARP Go library 1.0.1, to any 1.x version.' }

/** Whether JSON is wanted. Throws an `Ending` for a format that is not known. */
export function wantsJson(args: Arguments): boolean {
  const format = args.options.format?.[0] ?? 'text'
  if (format !== 'text' && format !== 'json') throw usageError(`--format must be text or json, not "${format}"`, args.command)
  return format === 'json'
}

/** The one argument. Throws an `Ending` when it is missing. */
export function argumentOf(args: Arguments, name: string): string {
  if (args.argument === undefined) throw usageError(`${name} is missing`, args.command)
  return args.argument
}

/** The argument after it. Throws an `Ending` when it is missing. */
export function secondOf(args: Arguments, name: string): string {
  if (args.second === undefined) throw usageError(`${name} is missing`, args.command)
  return args.second
}

// Control, line-separator and direction characters rewrite terminals; services choose these texts.
const CONTROL = /(?!\n)[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** A text for a terminal, whatever a service put into it. */
export function printable(text: string): string {
  return text.replaceAll(CONTROL, '')
}
