import type { HeaderList } from '../headers.ts'
import type { Hooks } from '../plugin/plugin.ts'

/** By list of plugins and by fields: routes that share both share what is compiled from them. */
const lists = new WeakMap<readonly Hooks[], Map<string, readonly Hooks[]>>()

/** The hooks of a route with these fields in its answers. The last of the list is the first to see an answer. */
export function fieldsBehind(hooks: readonly Hooks[], fields: Readonly<Record<string, string>>): readonly Hooks[] {
  const key = JSON.stringify(fields)
  const known = lists.get(hooks) ?? new Map<string, readonly Hooks[]>()
  lists.set(hooks, known)
  let behind = known.get(key)
  if (behind === undefined) known.set(key, (behind = [...hooks, hookFor(fields)]))
  return behind
}

function hookFor(fields: Readonly<Record<string, string>>): Hooks {
  const entries = Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value] as const)
  return {
    onResponse: (_ctx, { headers }) => {
      for (const [name, value] of entries) if (name === 'link' || !headers.has(name)) add(headers, name, value)
    },
  }
}

/** An answer that came through another gateway has the link already. */
function add(headers: HeaderList, name: string, value: string): void {
  if (name !== 'link' || headers.get(name) !== value) headers.append(name, value)
}
