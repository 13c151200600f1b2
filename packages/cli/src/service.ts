import type { Gateway, Logger } from '@octopus-gateway/core'
import type { Io } from './io.ts'
import type { LoadedConfig } from '@octopus-gateway/config'
import type { Workers } from '@octopus-gateway/node'
import type { Reloading } from './reload/start.ts'

/** What is being served. */
export interface Service {
  /** What it was started with. */
  readonly config: LoadedConfig
  readonly gateway: Gateway
  readonly io: Io
  readonly log: Logger
  /** Who carries the traffic, where it is not this process. */
  readonly workers?: Workers
  readonly reloading: Reloading
}
