import { ConfigError, formatIssue, type Route, type SnapshotDiff } from '@octopus-gateway/core'
import type { Io } from './io.ts'

/** One line, or several, for whoever asked. */
export function say(io: Io, text: string): void {
  io.stdout.write(`${text}\n`)
}

/** One line, or several, about what went wrong. */
export function complain(io: Io, text: string): void {
  io.stderr.write(`${text}\n`)
}

/** Every issue on a line of its own, then their number. */
export function printIssues(io: Io, error: ConfigError): void {
  const count = error.issues.length
  complain(io, [...error.issues.map(formatIssue), `${count} ${count === 1 ? 'problem' : 'problems'} in the configuration.`].join('\n'))
}

// A registry can bring thousands of routes at once; nobody reads those, and the terminal must keep up.
const MOST_LINES = 60

/** `+ GET /users/{id} -> users` for every route that came, `-` for those that went, `~ … (timeout)` for those that changed; upstreams after them. */
export function printDiff(io: Io, diff: SnapshotDiff): void {
  const lines = [
    ...diff.removed.map((route) => `- ${describeRoute(route)}`),
    ...diff.added.map((route) => `+ ${describeRoute(route)}`),
    ...diff.changed.map((route) => `~ ${describeRoute(route)} (${diff.changes.get(route.id)!.join(', ')})`),
    ...diff.upstreamsRemoved.map((name) => `- upstream ${name}`),
    ...diff.upstreamsAdded.map((name) => `+ upstream ${name}`),
    ...[...diff.upstreamsChanged].map(([name, changes]) => `~ upstream ${name} (${changes.join(', ')})`),
  ]
  if (lines.length === 0) return
  const more = lines.length - MOST_LINES
  say(io, [...lines.slice(0, MOST_LINES), ...(more > 0 ? [`  and ${more} more`] : [])].join('\n'))
}

function describeRoute(route: Route): string {
  return `${methodsOf(route)} ${route.host ?? ''}${route.path} -> ${upstreamsOf(route)}`
}

/** The name of the upstream, or all of them with their weights: `stable 95, canary 5`. */
export function upstreamsOf({ upstream, split }: Route): string {
  if (split === null) return upstream.name
  return split.branches.map(({ route, weight, match }) => `${route.upstream.name} ${weight}${match === null ? '' : ' (match)'}`).join(', ')
}

/** `GET,POST`, or `*` for every method. */
export function methodsOf(route: Route): string {
  return route.methods?.join(',') ?? '*'
}

/** Rows under a head, in columns as wide as they need to be. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd()
  return [head, ...rows].map(line).join('\n')
}
