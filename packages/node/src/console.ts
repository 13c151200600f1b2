import { accessLine, createLogger } from '@octopus-gateway/core'
import { BatchedWriter } from './batched-writer.ts'
import type { AccessEntry, AccessLog, Logger, LogLevel } from '@octopus-gateway/core'
import type { Writable } from 'node:stream'

/** The logs of a process. */
export interface Console {
  readonly log: Logger
  /** `undefined` at a level above `info`: request lines are `info`. Follows `level`. */
  readonly accessLog: AccessLog | undefined
  /** Lines that are made already, line feeds included: those of another process. */
  write(lines: string): void
  /** The access log as it is at another level. */
  accessLogAt(level: LogLevel): AccessLog | undefined
  /** Lines below it are not written. May be changed. */
  level: LogLevel
  /** Resolves when everything has been written. Call it before the process ends. */
  flush(): Promise<void>
}

/** A logger and an access log that write to one stream (default: standard output), in batches. */
export function createConsole(options: {
  readonly level: LogLevel
  readonly format: 'json' | 'text'
  readonly stream?: Writable
}): Console {
  const writer = new BatchedWriter(options.stream ?? process.stdout)
  const write = (line: string): void => writer.write(line)
  const line = options.format === 'json' ? accessLine : textLine
  const { format } = options
  const accessLog: AccessLog = { write: (entry) => writer.write(line(entry)) }
  const accessLogAt = (at: LogLevel): AccessLog | undefined => (at === 'info' || at === 'debug' ? accessLog : undefined)
  let { level } = options
  let current = createLogger({ level, format, write })
  return {
    log: {
      error: (message, fields) => current.error(message, fields),
      warn: (message, fields) => current.warn(message, fields),
      info: (message, fields) => current.info(message, fields),
      debug: (message, fields) => current.debug(message, fields),
    },
    accessLog: accessLogAt(level),
    accessLogAt,
    get level() {
      return level
    },
    set level(next) {
      level = next
      current = createLogger({ level, format, write })
    },
    write,
    flush: () => writer.flush(),
  }
}

function textLine(entry: AccessEntry): string {
  const time = new Date().toISOString().slice(11, 23)
  return `${time} ${entry.status} ${shown(entry.method)} ${shown(entry.path)} -> ${shown(entry.upstream)} ${entry.durationMs.toFixed(1)}ms\n`
}

/** What a client sent must not start a line of its own or steer the terminal. */
function shown(text: string): string {
  return /^[\x21-\x7e]*$/.test(text) ? text : JSON.stringify(text)
}
