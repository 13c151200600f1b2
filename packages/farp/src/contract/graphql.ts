import { messageOf } from '../text.ts'
import { ownText } from '../json.ts'
import type { BreakingChange, DangerousChange, GraphQLObjectType, GraphQLSchema } from 'graphql'
import type { ChangeEffect, ChangeSeverity, ChangeType } from './change.ts'
import type { JsonObject } from '../json.ts'
import type { Ledger } from './ledger.ts'
import type { Rules } from './rules.ts'

type Judgement = readonly [ChangeType, ChangeEffect, ChangeSeverity]

/** What graphql-js calls breaking and dangerous, in our words. Dangerous: it depends on how a client is written. */
const JUDGEMENTS: Readonly<Record<string, Judgement>> = {
  TYPE_REMOVED: ['field_removed', 'breaking', 'high'],
  TYPE_CHANGED_KIND: ['field_type_changed', 'breaking', 'critical'],
  TYPE_REMOVED_FROM_UNION: ['variant_removed', 'breaking', 'high'],
  VALUE_REMOVED_FROM_ENUM: ['enum_value_removed', 'breaking', 'high'],
  REQUIRED_INPUT_FIELD_ADDED: ['field_required', 'breaking', 'high'],
  IMPLEMENTED_INTERFACE_REMOVED: ['variant_removed', 'breaking', 'high'],
  FIELD_REMOVED: ['field_removed', 'breaking', 'high'],
  FIELD_CHANGED_KIND: ['field_type_changed', 'breaking', 'critical'],
  REQUIRED_ARG_ADDED: ['field_required', 'breaking', 'high'],
  ARG_REMOVED: ['field_removed', 'breaking', 'high'],
  ARG_CHANGED_KIND: ['field_type_changed', 'breaking', 'critical'],
  DIRECTIVE_REMOVED: ['constraint_changed', 'breaking', 'medium'],
  DIRECTIVE_ARG_REMOVED: ['constraint_changed', 'breaking', 'medium'],
  REQUIRED_DIRECTIVE_ARG_ADDED: ['field_required', 'breaking', 'medium'],
  DIRECTIVE_REPEATABLE_REMOVED: ['constraint_changed', 'breaking', 'medium'],
  DIRECTIVE_LOCATION_REMOVED: ['constraint_changed', 'breaking', 'medium'],
  VALUE_ADDED_TO_ENUM: ['enum_value_added', 'unknown', 'medium'],
  TYPE_ADDED_TO_UNION: ['variant_added', 'unknown', 'medium'],
  IMPLEMENTED_INTERFACE_ADDED: ['variant_added', 'unknown', 'medium'],
  ARG_DEFAULT_VALUE_CHANGE: ['default_changed', 'unknown', 'medium'],
  OPTIONAL_INPUT_FIELD_ADDED: ['field_added', 'safe', 'low'],
  OPTIONAL_ARG_ADDED: ['field_added', 'safe', 'low'],
}

const MOST_TOKENS = 200_000

/** Compares two GraphQL schemas as graphql-js does. */
export async function compareGraphql(previous: JsonObject, next: JsonObject, { ledger }: Rules): Promise<void> {
  // Loaded when the first GraphQL schema is compared: it is large, and most gateways have none.
  const graphql = await import('graphql')
  const read = (document: JsonObject): GraphQLSchema =>
    // Subgraphs use directives that they do not define.
    graphql.buildASTSchema(graphql.parse(ownText(document, 'sdl') ?? '', { maxTokens: MOST_TOKENS, noLocation: true }), {
      assumeValidSDL: true,
    })
  let before: GraphQLSchema
  let after: GraphQLSchema
  try {
    before = read(previous)
    after = read(next)
  } catch (thrown) {
    const description = `the schemas cannot be read as they have to be to compare them: ${messageOf(thrown)}`
    ledger.add({ type: 'not_judged', effect: 'unknown', severity: 'medium', path: '', description })
    return
  }
  const changes: readonly (BreakingChange | DangerousChange)[] = [
    ...graphql.findBreakingChanges(before, after),
    ...graphql.findDangerousChanges(before, after),
  ]
  for (const { type, description } of changes) note(type, description, ledger)
  compareRoots(before, after, ledger)
}

function note(kind: string, description: string, ledger: Ledger): void {
  const [type, effect, severity] = JUDGEMENTS[kind] ?? ['not_judged', 'unknown', 'medium']
  ledger.add({ type, effect, severity, path: coordinatesIn(description), description })
}

/** Descriptions name what they are about: `User.name`, or `Query.user` and `id` apart. */
function coordinatesIn(description: string): string {
  return (
    /[_A-Za-z]\w*\.[_A-Za-z]\w*/.exec(description)?.[0] ??
    /(?<=\b(?:type|enum|union|interface|directive|field) )(?!type\b)@?[_A-Za-z]\w*/i.exec(description)?.[0] ??
    /^@?[_A-Za-z]\w*/.exec(description)?.[0] ??
    ''
  )
}

/** Queries, mutations and subscriptions that are new or deprecated now: nothing breaks, and everybody wants to know. */
function compareRoots(before: GraphQLSchema, after: GraphQLSchema, ledger: Ledger): void {
  const roots = (schema: GraphQLSchema): (GraphQLObjectType | null | undefined)[] => [
    schema.getQueryType(),
    schema.getMutationType(),
    schema.getSubscriptionType(),
  ]
  const old = roots(before)
  for (const [index, type] of roots(after).entries()) {
    const known = old[index]?.getFields() ?? {}
    for (const [name, field] of Object.entries(type?.getFields() ?? {})) {
      const path = `${type!.name}.${name}`
      const isKnown = Object.hasOwn(known, name)
      if (!isKnown) ledger.add({ type: 'method_added', effect: 'safe', severity: 'low', path, description: `${path} is new` })
      else if (field.deprecationReason !== undefined && field.deprecationReason !== null && known[name]!.deprecationReason === undefined) {
        ledger.add({ type: 'deprecated', effect: 'safe', severity: 'low', path, description: `${path} is deprecated now` })
      }
    }
  }
}
