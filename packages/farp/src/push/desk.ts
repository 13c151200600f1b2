import type { InstanceView } from '../source/view.ts'
import type { Registration } from './registration.ts'
import type { Registry } from './registry.ts'

/** What the push endpoints need of a gateway's run. */
export interface Desk {
  readonly registry: Registry
  /** How an instance is known now; `undefined` when it is not followed. */
  viewOf(registration: Registration): InstanceView | undefined
  /** Resolves when the first look at a registration has been taken over and its routes serve, or after a bounded time. */
  settled(registration: Registration): Promise<void>
  /** Looks at an instance at once. */
  lookAt(registration: Registration): void
  /** `GET /users/users/{id}`, as they are routed now. */
  routesOf(service: string): readonly string[]
  /** `serving`, or why not. */
  statusOf(registration: Registration): string
}
