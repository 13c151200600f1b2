import type { CompiledPhases } from '../plugin/phases.ts'
import type { Hooks } from '../plugin/plugin.ts'
import type { MiddlewareHandler } from 'hono'
import type { Route } from './route.ts'
import type { Split } from './split.ts'

/** A route with what its plugins do. Lists that are empty are `null`: the hot path tests one pointer. */
export interface CompiledRoute extends Route {
  readonly split: Split<CompiledRoute> | null
  readonly phases: CompiledPhases
  /** The hooks behind `phases` and `middleware`, in the order of the list. */
  readonly hooks: readonly Hooks[]
  readonly middleware: readonly MiddlewareHandler[] | null
}

/** A route found for a request. */
export interface Match {
  readonly route: CompiledRoute
  readonly params: Readonly<Record<string, string>>
}
