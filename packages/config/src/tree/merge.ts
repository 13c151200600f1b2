import { textOf, type Entry, type MapNode, type Node, type Path } from './node.ts'

/** How the lists at a path come together. */
interface ListRule {
  /** What makes two items the same; `undefined` when an item does not say. */
  identity(item: Node): string | undefined
  /** Whether an item of a later layer is laid over the earlier one, or takes its place. */
  readonly over: 'merge' | 'replace'
}

const byName = (item: Node): string | undefined => (item.kind === 'map' ? textOf(item.entries.get('name')?.value) : undefined)

const RULES: Readonly<Record<string, ListRule>> = {
  upstreams: { identity: byName, over: 'merge' },
  plugins: { identity: byName, over: 'merge' },
  // One name may stand for several instances here, so an entry does not say which one it means to change.
  'discovery.static.services': { identity: byName, over: 'replace' },
  routes: { identity: routeIdentity, over: 'merge' },
}

/** Host, path and methods of a route. The order and letter case of methods do not count. */
export function routeIdentity(item: Node): string | undefined {
  if (item.kind !== 'map') return undefined
  const member = (key: string): Node | undefined => item.entries.get(key)?.value
  const methods = member('methods')
  const names = methods?.kind === 'list' ? methods.items.map((method) => textOf(method)?.toUpperCase() ?? '').sort() : []
  return JSON.stringify([textOf(member('host'))?.toLowerCase() ?? '', textOf(member('path')) ?? '', [...new Set(names)]])
}

/** Lays `top` over `base`: maps deeply, named lists by name, routes by host, path and methods; anything else is replaced. */
export function mergeNodes(base: Node, top: Node, path: Path = []): Node {
  // A block without content, such as "server:" with every key commented out, says nothing.
  if (top.kind === 'scalar' && top.value === null && base.kind !== 'scalar') return base
  if (base.kind === 'map' && top.kind === 'map') return mergeMaps(base, top, path)
  const rule = RULES[path.join('.')]
  if (rule !== undefined && base.kind === 'list' && top.kind === 'list') {
    return { ...base, items: rule.over === 'merge' ? overlay(base.items, top.items, rule) : replace(base.items, top.items, rule) }
  }
  return top
}

function mergeMaps(base: MapNode, top: MapNode, path: Path): MapNode {
  const entries = new Map<string, Entry>(base.entries)
  for (const [key, entry] of top.entries) {
    const under = entries.get(key)
    const value = under === undefined ? entry.value : mergeNodes(under.value, entry.value, [...path, key])
    entries.set(key, { at: value === under?.value ? under.at : entry.at, value })
  }
  return { ...base, entries }
}

function overlay(base: readonly Node[], top: readonly Node[], rule: ListRule): Node[] {
  const items = [...base]
  const places = new Map<string, number>()
  base.forEach((item, index) => {
    const identity = rule.identity(item)
    if (identity !== undefined && !places.has(identity)) places.set(identity, index)
  })
  for (const item of top) {
    const identity = rule.identity(item)
    const place = identity === undefined ? undefined : places.get(identity)
    if (place === undefined) items.push(item)
    else {
      items[place] = mergeNodes(items[place]!, item, ['[]'])
      // A second item of the same name in one file is a mistake that must stay visible.
      places.delete(identity!)
    }
  }
  return items
}

function replace(base: readonly Node[], top: readonly Node[], rule: ListRule): Node[] {
  const named = new Set(top.map((item) => rule.identity(item)))
  return [...base.filter((item) => !named.has(rule.identity(item)) || rule.identity(item) === undefined), ...top]
}
