import { formatPath, formatPosition, nodeAt, positionAt, textOf, type Node, type Path } from '../tree/node.ts'
import type { ConfigIssue } from '@octopus-gateway/core'

/** Where options came from. */
interface Origin {
  readonly root: Node
  /** Plugins, by the names that they give themselves. */
  readonly places: ReadonlyMap<string, Path>
}

/** An issue about the gateway's options (`upstreams.users.connectTimeout`) as one about the files they came from (`upstreams[0].connect_timeout`). */
export function locateOption(issue: ConfigIssue, { root, places }: Origin): ConfigIssue {
  if (issue.source !== undefined || issue.path === '') return issue
  const path = ofPlugin(issue.path, { root, places }) ?? written(stepsOf(issue.path), root)
  return { ...issue, path: formatPath(path), source: formatPosition(positionAt(root, path)) }
}

/** What fails when it is set up is known by its name alone: `plugin cors: maxAge`, `auth provider partner`, `jwt-auth.publicKey`. */
function ofPlugin(path: string, { root, places }: Origin): Path | undefined {
  const bare = path.replace(/^(?:auth provider|plugin) /, '')
  for (const [name, at] of places) {
    const rest = bare.startsWith(name) ? bare.slice(name.length) : undefined
    if (rest === undefined || (bare === path && nodeAt(root, [name]) !== undefined) || !/^(?:$|[.:[])/.test(rest)) continue
    const [key, ...below] = stepsOf(rest.replace(/^: */, ''))
    const owner = at.at(-2) === 'plugins' ? [...at, 'config'] : at
    if (key === undefined) return at
    const inside = [key, snake(key)].map((spelling) => [...owner, spelling, ...below]).find((place) => nodeAt(root, place) !== undefined)
    return inside ?? at
  }
  return undefined
}

function stepsOf(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map((match) => (match[1] === undefined ? match[0] : Number(match[1])))
}

/** The path as far as the files have it: in code upstreams are named, in YAML they are a list. */
function written([first, second, ...rest]: Path, root: Node): Path {
  if (first === undefined) return []
  const list = nodeAt(root, [snake(first)])
  const index = typeof second === 'string' && list?.kind === 'list' ? list.items.findIndex((item) => nameOf(item) === second) : -1
  const steps = [first, ...(index >= 0 ? [index] : second === undefined ? [] : [second]), ...rest].map(snake)
  while (steps.length > 1 && nodeAt(root, steps) === undefined) steps.pop()
  return steps
}

function snake(step: string | number): string | number {
  return typeof step === 'number' ? step : step.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function nameOf(item: Node): string | undefined {
  return textOf(nodeAt(item, ['name']))
}
