import type { AccessEntry } from './access.ts'
import type { Logger, LogLevel } from './logger.ts'

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug']

let stampSecond = -1
let stampPrefix = ''

/** RFC 3339 in UTC with milliseconds. The part up to the second is kept: it changes once for thousands of lines. */
export function timestamp(now = Date.now()): string {
  const second = Math.floor(now / 1000)
  if (second !== stampSecond) {
    stampSecond = second
    stampPrefix = new Date(second * 1000).toISOString().slice(0, 20)
  }
  const ms = now - second * 1000
  return `${stampPrefix}${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z`
}

/** The request log line: JSON with exactly the documented fields, newline included. */
export function accessLine(entry: AccessEntry): string {
  return `{"timestamp":"${timestamp()}","level":"info","message":"request processed","trace_id":"${entry.traceId}","method":${quote(entry.method)},"path":${quote(entry.path)},"status":${entry.status},"duration_ms":${Math.round(entry.durationMs * 1000) / 1000},"upstream":${quote(entry.upstream)}}\n`
}

function quote(text: string): string {
  // Paths are ASCII without control bytes by the time they get here; anything else takes the slow way.
  return /^[\w/.~:%?&=+@!$'()*,;-]*$/.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** A logger that hands each line, newline included, to `write`. Lines below `level` are not made. */
export function createLogger(options: { readonly level: LogLevel; readonly format: 'json' | 'text'; write(line: string): void }): Logger {
  const make = options.format === 'json' ? jsonLine : textLine
  const enabled = LEVELS.indexOf(options.level)
  const at = (level: LogLevel): Logger['info'] => {
    if (LEVELS.indexOf(level) > enabled) return () => {}
    return (message, fields) => options.write(make(level, message, fields))
  }
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }
}

function jsonLine(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): string {
  return `${JSON.stringify({ timestamp: timestamp(), level, message, ...fields })}\n`
}

function textLine(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): string {
  const rest = Object.entries(fields).filter(([, value]) => value !== undefined)
  const text = rest
    .map(([key, value]) => ` ${key}=${typeof value === 'string' && /^[^\s"\p{Cc}]*$/u.test(value) ? value : JSON.stringify(value)}`)
    .join('')
  // A reason may come from an upstream or a client: its control bytes must not start a line of their own or steer the terminal.
  return `${timestamp().slice(11, 23)} ${level.padEnd(5)} ${message.replaceAll(/\p{Cc}/gu, ' ')}${text}\n`
}
