import { compareContracts } from '../contract/compare.ts'
import type { ContractDiff, ContractKind } from '../contract/change.ts'
import type { JsonObject } from '../json.ts'

const ok = { '200': { description: 'ok' } }

/** An OpenAPI document with one operation that takes and gives a JSON body. */
export function exchange(bodies: { readonly request?: unknown; readonly response?: unknown }, more: JsonObject = {}): JsonObject {
  const content = (schema: unknown): JsonObject => ({ content: { 'application/json': { schema } } })
  return {
    openapi: '3.1.0',
    info: { title: 't', version: '1' },
    paths: {
      '/things': {
        post: {
          ...(bodies.request === undefined ? {} : { requestBody: content(bodies.request) }),
          responses: bodies.response === undefined ? ok : { '200': { description: 'ok', ...content(bodies.response) } },
        },
      },
    },
    ...more,
  }
}

/** An OpenAPI document with these paths. */
export function api(paths: JsonObject, more: JsonObject = {}): JsonObject {
  return { openapi: '3.1.0', info: { title: 't', version: '1' }, paths, ...more }
}

/** Every change as `effect type`, sorted. */
export function told({ changes }: ContractDiff): string[] {
  return changes.map(({ effect, type }) => `${effect} ${type}`).sort()
}

/** What comparing two documents tells. */
export async function compared(kind: ContractKind, previous: JsonObject, next: JsonObject): Promise<string[]> {
  return told(await compareContracts(kind, previous, next))
}
