import type { Hooks } from '../plugin/plugin.ts'
import type { LiveUpstream } from '../upstream/live-upstream.ts'
import type { CompiledRoute } from '../routing/compiled-route.ts'
import type { RouteEntry } from './entries.ts'
import type { RoutingOptions } from '../options.ts'
import type { RoutingSettings } from '../upstream/definition.ts'

/** All that a route with one upstream and no mirror is made of. */
export interface Ingredients {
  readonly entry: RouteEntry
  readonly upstream: LiveUpstream
  readonly settings: RoutingSettings
  readonly hooks: readonly Hooks[]
  readonly routing: RoutingOptions
}

/**
 * The routes of earlier generations, by their definitions: what one service changes must not cost the routes of all others anything. A definition
 * that nobody has any more goes by itself.
 */
export class CompiledRoutes {
  readonly #known = new WeakMap<RouteEntry['definition'], { readonly route: CompiledRoute; readonly of: Ingredients }>()

  /** The route that was made of the very same things. */
  find(of: Ingredients): CompiledRoute | undefined {
    const known = this.#known.get(of.entry.definition)
    return known !== undefined && isSame(known.of, of) ? known.route : undefined
  }

  keep(of: Ingredients, route: CompiledRoute): CompiledRoute {
    this.#known.set(of.entry.definition, { route, of })
    return route
  }
}

function isSame(a: Ingredients, b: Ingredients): boolean {
  return (
    a.upstream === b.upstream &&
    a.settings === b.settings &&
    a.routing === b.routing &&
    a.entry.id === b.entry.id &&
    a.entry.source === b.entry.source &&
    a.entry.service === b.entry.service &&
    a.hooks.length === b.hooks.length &&
    a.hooks.every((hook, index) => hook === b.hooks[index])
  )
}
