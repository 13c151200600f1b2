import { ConfigError } from '@octopus-gateway/core'
import type { Failure } from './messages.ts'

/** An error as plain data. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof ConfigError) return { message: thrown.message, issues: thrown.issues }
  if (!(thrown instanceof Error)) return { message: String(thrown) }
  const { code } = thrown as { readonly code?: unknown }
  return { message: thrown.message, ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}) }
}

/** The error that a worker could not start with, or could not take a configuration with, told in the control process. */
export class WorkerError extends Error {
  readonly code: string | number | undefined

  constructor({ message, code }: Failure) {
    super(message)
    this.name = 'WorkerError'
    this.code = code
  }
}

/** The error again, in the process that asked. */
export function errorOf(failure: Failure): ConfigError | WorkerError {
  return failure.issues === undefined ? new WorkerError(failure) : new ConfigError(failure.issues)
}
