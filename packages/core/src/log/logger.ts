/** From most to least urgent. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

/** Where the gateway and its plugins write. Fields are plain data; a logger must never throw. */
export interface Logger {
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** Keeps nothing. The default: a library does not write to its host's console. */
export const silentLogger: Logger = { error() {}, warn() {}, info() {}, debug() {} }
