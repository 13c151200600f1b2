import { formatPath, formatPosition, nodeAt, positionAt, type Node, type Path, type Position } from '../tree/node.ts'
import type { ConfigIssue } from '@octopus-gateway/core'

/** Something wrong with a key or its value. */
export interface Problem {
  /** A stable word for tools: `unknown_key`, `not_available`. */
  readonly code: string
  readonly path: Path
  /** What is wrong and what to do about it. */
  readonly message: string
}

/** A problem and where it was written. */
export interface Located extends Problem {
  readonly at: Position
}

/** Gives problems their places. What follows from a value that could not be read is no problem of its own. */
export function locate(problems: readonly Problem[], root: Node): Located[] {
  return problems.filter(({ path }) => !isFaulty(nodeAt(root, path))).map((problem) => ({ ...problem, at: positionAt(root, problem.path) }))
}

function isFaulty(node: Node | undefined): boolean {
  return node?.kind === 'scalar' && node.faulty === true
}

/** Issues in the order in which they stand in the files. */
export function toIssues(found: readonly Located[], files: readonly string[]): ConfigIssue[] {
  return found
    .toSorted((a, b) => files.indexOf(a.at.file) - files.indexOf(b.at.file) || a.at.line - b.at.line || a.at.column - b.at.column)
    .map(({ code, path, message, at }) => ({ code, path: formatPath(path), message, source: formatPosition(at) }))
}

/** The value at a path as it may be printed: never what came out of the environment. */
export function printable(root: Node, path: Path, plain: string): string {
  const node = nodeAt(root, path)
  if (node?.kind !== 'scalar' || node.variables.length === 0) return plain
  return `the value of ${node.variables.map((name) => `\${${name}}`).join(' and ')}`
}
