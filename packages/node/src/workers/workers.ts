import { Control } from './control.ts'
import { workerProcesses } from './cluster-process.ts'
import type { CloseOptions } from '../serve-options.ts'
import type { ControlOptions } from './control.ts'
import type { Gateway, HealthData } from '@octopus-gateway/core'
import type { Addresses } from './messages.ts'
import type { WorkerProgram } from './cluster-process.ts'
import type { WorkerStatus } from './slot.ts'

/** How a gateway is served by workers. */
export interface WorkersOptions extends WorkerProgram, ControlOptions {}

/** The workers of a gateway. */
export interface Workers {
  /**
   * Starts them. Resolves when all listen, with where; rejects with a `ConfigError`, or a `WorkerError` such as `EADDRINUSE`, when one of them cannot,
   * and then none is left.
   */
  start(): Promise<Addresses>
  /** All of them. */
  list(): readonly WorkerStatus[]
  /** The metrics of gateway and workers added up, and those about workers. A worker that does not answer in half a second counts with what it told last. */
  exposition(): Promise<string>
  /** What the workers see of all upstreams: counts and load added up, the worst state of each endpoint. */
  upstreams(): Promise<readonly HealthData[]>
  /**
   * Makes another configuration ready in every worker, then calls `apply`, which puts it into effect in this process, then puts it into effect in
   * all of them. Rejects when a worker cannot have it or `apply` rejects, and then nothing has changed anywhere. Workers that start later get the
   * new one.
   */
  update<T>(configuration: unknown, apply: () => Promise<T>): Promise<T>
  /** Closes the servers of all workers as their own `close` does, and ends a worker that has not ended five seconds later. Resolves when all are gone. */
  close(how?: CloseOptions): Promise<void>
  /** Ends all workers at once. */
  kill(): void
}

/**
 * Makes this process the control process of a gateway: it runs discovery, route sources and admin, and workers, each with a gateway of its own,
 * carry the traffic. Workers that end are replaced. Uses `node:cluster`, so there can be one in a process.
 */
export function createWorkers(gateway: Gateway, options: WorkersOptions): Workers {
  return new Control(gateway, options, workerProcesses(options))
}
