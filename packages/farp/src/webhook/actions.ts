import { ownText, own } from '../json.ts'
import { clean } from '../text.ts'
import type { Addressee } from './addressee.ts'
import type { WebhookMessage } from './message.ts'

/** How long a report of ill health counts when nothing else is heard: a crashed sender must not be out for ever. Milliseconds. */
const HEALTH_COUNTS_FOR = 300_000

/**
 * What events of a service do. All of it concerns the sending instance alone, and nothing in a message says where to go: a `manifest_url` is not
 * followed.
 */
const ACTIONS: Readonly<Record<string, (from: Addressee, message: WebhookMessage) => void>> = {
  'schema.updated': look,
  'instance.scaling': look,
  'routes.changing': look,
  'routes.changed': look,
  'routes.draining': look,
  'health.changed'(from, { data }) {
    const status = clean(ownText(data, 'status') ?? '', 40).toLowerCase()
    const { health: _health, ...rest } = from.told
    from.tell(status === '' ? rest : { ...rest, health: { status, until: Date.now() + HEALTH_COUNTS_FOR } })
  },
  'maintenance.mode'(from, { data }) {
    from.tell({ ...from.told, isInMaintenance: own(data, 'enabled') === true })
  },
}

function look(from: Addressee): void {
  from.look()
}

/** Does what an event asks for. `false`: the gateway has no use for it. */
export function act(from: Addressee, message: WebhookMessage): boolean {
  if (!Object.hasOwn(ACTIONS, message.event)) return false
  ACTIONS[message.event]!(from, message)
  return true
}
