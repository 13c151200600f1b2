import { byWeight, worstOf } from '../change.ts'
import { compareContracts } from '../compare.ts'
import { clean } from '../../text.ts'
import type { ChangeEffect, ContractChange, ContractDiff } from '../change.ts'
import type { Contract, ContractOperation, ContractSchema } from './contract.ts'

/** What one contract is to clients of another one. */
export interface Judgement {
  readonly effect: ChangeEffect
  readonly counts: Readonly<Record<ChangeEffect, number>>
  /** The worst first. */
  readonly changes: readonly ContractChange[]
  readonly omitted: number
  /** Operations of the previous contract that cannot be relied on, by their key. */
  readonly affected: ReadonlySet<string>
}

/** Compares two contracts: what is still to be found where it was, then document by document. */
export async function judge(previous: Contract, next: Contract): Promise<Judgement> {
  const affected = new Set<string>()
  const diffs: ContractDiff[] = []
  const changes: ContractChange[] = []
  for (const [index, schema] of previous.schemas.entries()) {
    const follower = next.schemas.filter(({ kind }) => kind === schema.kind)[nth(previous.schemas, index)]
    const operations = [...previous.operations].filter(([, { kind }]) => kind === schema.kind)
    if (follower === undefined) {
      if (operations.length === 0) changes.push(lost(schema))
      continue
    }
    if (follower.hash === schema.hash) continue
    if (schema.document === undefined || follower.document === undefined) {
      changes.push(notKept(schema))
      for (const [key] of operations) affected.add(key)
      continue
    }
    const known = [...operations, ...[...next.operations].filter(([, { kind }]) => kind === schema.kind)]
    const diff = await compareContracts(schema.kind, schema.document, follower.document, { ignores: ignoring(known) })
    diffs.push(diff)
    for (const key of hit(diff, operations)) affected.add(key)
  }
  for (const [key, operation] of previous.operations) {
    if (next.operations.has(key)) continue
    // What a document does not have any more is told already; what is only not mounted any more is not.
    if (!affected.has(key)) changes.push(gone(key, operation))
    affected.add(key)
  }
  const effects = [...diffs.map(({ effect }) => effect), ...changes.map(({ effect }) => effect)]
  const count = (effect: ChangeEffect): number =>
    diffs.reduce((sum, { counts }) => sum + counts[effect], 0) + changes.filter((change) => change.effect === effect).length
  return {
    effect: worstOf(effects),
    counts: { breaking: count('breaking'), unknown: count('unknown'), safe: count('safe') },
    changes: [...changes, ...diffs.flatMap((diff) => diff.changes)].sort(byWeight),
    omitted: diffs.reduce((sum, { omitted }) => sum + omitted, 0),
    affected,
  }
}

/** Which one of its kind a schema is. */
function nth(schemas: readonly ContractSchema[], index: number): number {
  return schemas.slice(0, index).filter(({ kind }) => kind === schemas[index]!.kind).length
}

type Entries = readonly (readonly [string, ContractOperation])[]

/** Paths that are routed under neither contract are no promise. */
function ignoring(operations: Entries): (path: string) => boolean {
  const paths = new Set(operations.map(([, { operation }]) => plain(operation.path)))
  return (path) => !paths.has(plain(path))
}

function plain(path: string): string {
  return path.replace(/^\//, '').replaceAll(/\{[^{}]*\}/g, '{}')
}

/** The operations that a diff is about: its names for them are a method and a path, a path, or the name of a procedure. */
function hit({ affected, kind }: ContractDiff, operations: Entries): string[] {
  if (affected === 'all') return operations.map(([key]) => key)
  const names = new Set(affected.map(plain))
  // The endpoint of oRPC takes calls of every procedure.
  return operations
    .filter(([, { operation }]) => {
      const { method, path, operationId } = operation
      if (names.has(plain(`${method} ${path}`)) || names.has(plain(path))) return true
      return kind === 'orpc' && names.size > 0 && (operationId === undefined || names.has(operationId))
    })
    .map(([key]) => key)
}

function gone(key: string, { operation }: ContractOperation): ContractChange {
  return {
    type: 'endpoint_removed',
    effect: 'breaking',
    severity: 'critical',
    path: '',
    description: `${clean(key, 300)} is not served any more`,
    operations: [`${operation.method} ${operation.path}`],
  }
}

function lost({ kind }: ContractSchema): ContractChange {
  const description = `the ${kind} document is gone`
  return { type: 'not_judged', effect: 'unknown', severity: 'medium', path: '', description, operations: [] }
}

function notKept({ kind }: ContractSchema): ContractChange {
  const description = `the ${kind} document changed, and the approved one was too large to be kept, so the two cannot be compared`
  return { type: 'not_judged', effect: 'unknown', severity: 'medium', path: '', description, operations: [] }
}
