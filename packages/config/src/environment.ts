import type { Entry, MapNode, Node, Position } from './tree/node.ts'

const VARIABLE = 'DISCOVERY_BACKEND'

/** Lays `DISCOVERY_BACKEND` over `discovery.backend` and `discovery.backends`. An empty variable counts as not set. */
export function fromEnvironment(root: Node, env: Readonly<Record<string, string | undefined>>): Node {
  const backend = env[VARIABLE]
  if (backend === undefined || backend === '' || root.kind !== 'map') return root
  const at: Position = { file: `the environment variable ${VARIABLE}`, line: 0, column: 0 }
  const before = root.entries.get('discovery')
  const under: MapNode = before?.value.kind === 'map' ? before.value : { kind: 'map', at, entries: new Map() }
  const named: Entry = { at, value: { kind: 'scalar', at, value: backend, text: backend, variables: [] } }
  const others = [...under.entries].filter(([key]) => key !== 'backends')
  const discovery: MapNode = { ...under, entries: new Map([...others, ['backend', named]]) }
  return { ...root, entries: new Map([...root.entries, ['discovery', { at: before?.at ?? at, value: discovery }]]) }
}
