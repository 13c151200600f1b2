import { compareAsyncApi } from './asyncapi/compare.ts'
import { compareGraphql } from './graphql.ts'
import { compareOpenApi } from './openapi/compare.ts'
import { compareOrpc } from './orpc.ts'
import { compareProtobuf } from './protobuf/compare.ts'
import { compareSchemas } from './schema/compare.ts'
import { CONTRACT_LIMITS } from './limits.ts'
import { Ledger } from './ledger.ts'
import { sameJson } from '../json.ts'
import type { ContractDiff, ContractKind } from './change.ts'
import type { ContractLimits } from './limits.ts'
import type { JsonObject } from '../json.ts'
import type { Rules } from './rules.ts'

/** What a comparison may be told. */
export interface CompareOptions {
  /** Paths that nobody can reach, and that are therefore no part of the contract. Default: none. */
  readonly ignores?: (path: string) => boolean
  readonly limits?: ContractLimits
}

/**
 * What changed between two documents of one service, and what that does to clients written for the previous one. What cannot be judged is
 * reported as `unknown`, never left out. Pure, bounded, and takes turns with other work; never rejects because of what is in a document.
 */
export async function compareContracts(
  kind: ContractKind,
  previous: JsonObject,
  next: JsonObject,
  { ignores = () => false, limits = CONTRACT_LIMITS }: CompareOptions = {},
): Promise<ContractDiff> {
  const ledger = new Ledger(limits)
  if (!sameJson(previous, next)) {
    const rules: Rules = { ledger, parts: limits.parts, compare: compareSchemas, ignores }
    if (kind === 'graphql') await compareGraphql(previous, next, rules)
    else await inTurns(stepsOf(kind, previous, next, rules), ledger)
  }
  return ledger.diff(kind)
}

function stepsOf(kind: Exclude<ContractKind, 'graphql'>, previous: JsonObject, next: JsonObject, rules: Rules): Iterable<void> {
  switch (kind) {
    case 'openapi':
      return compareOpenApi(previous, next, rules)
    case 'asyncapi':
      return compareAsyncApi(previous, next, rules)
    case 'grpc':
      return compareProtobuf(previous, next, rules)
    case 'orpc':
      return compareOrpc(previous, next, rules)
    default:
      return notJudged(kind, rules)
  }
}

function notJudged(kind: string, { ledger }: Rules): [] {
  const description = `the document changed; documents of type "${kind}" are only compared for being equal`
  ledger.add({ type: 'not_judged', effect: 'unknown', severity: 'medium', path: '', description })
  return []
}

/** How long comparing may hold the thread before others get their turn. */
const SLICE_MS = 5

async function inTurns(steps: Iterable<void>, ledger: Ledger): Promise<void> {
  let end = performance.now() + SLICE_MS
  for (const _ of steps) {
    do {
      if (performance.now() < end) continue
      await new Promise((resolve) => setImmediate(resolve))
      end = performance.now() + SLICE_MS
    } while (ledger.next())
  }
  while (ledger.next()) continue
}
