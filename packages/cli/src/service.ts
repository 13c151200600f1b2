import type { Gateway, Logger } from '@octopus-gateway/core'
import type { Io } from './io.ts'
import type { LoadedConfig } from '@octopus-gateway/config'

/** What is being served. */
export interface Service {
  readonly config: LoadedConfig
  readonly gateway: Gateway
  readonly io: Io
  readonly log: Logger
}
