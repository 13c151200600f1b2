import { GatewayError } from '../errors.ts'
import type { Hooks } from '../plugin/plugin.ts'

/** Refuses every request before anything is sent, on every lane. */
const CLOSED: Hooks = {
  onRequest() {
    throw new GatewayError('AUTH_UNAVAILABLE', 'The service demands of its callers what nothing on this gateway can check.')
  },
}

/** One list for each list of plugins: routes that share their plugins share what is compiled from them. */
const lists = new WeakMap<readonly Hooks[], readonly Hooks[]>()

/** The hooks of a route that admits nobody. After its other plugins, so that what is refused is counted, limited and answered as anything else. */
export function closedBehind(hooks: readonly Hooks[]): readonly Hooks[] {
  let closed = lists.get(hooks)
  if (closed === undefined) lists.set(hooks, (closed = [...hooks, CLOSED]))
  return closed
}
