import { configSchema } from './schema/root.ts'
import { toJsonSchema } from '@valibot/to-json-schema'
import type { AnySchema } from './schema/walk.ts'
import type { LeafKind } from './schema/leaf.ts'

/** A JSON Schema document. */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * The JSON Schema (2020-12) of the YAML dialect, with descriptions and defaults: for completion and checks in an editor. Keys that are known and not
 * available yet accept nothing. It describes one file as it is written, so a reference to the environment is accepted wherever a value is.
 */
export function configJsonSchema(): JsonSchema {
  const schema = toJsonSchema(configSchema, {
    target: 'draft-2020-12',
    typeMode: 'input',
    overrideSchema: ({ valibotSchema, jsonSchema }) => {
      const { leaf } = valibotSchema as unknown as AnySchema
      return leaf === undefined ? undefined : { ...jsonSchema, ...orReference(leaf) }
    },
    overrideAction: ({ valibotAction, jsonSchema }) => {
      if (valibotAction.type !== 'metadata') return undefined
      const shown = { ...jsonSchema } as Record<string, unknown>
      delete shown.risk
      delete shown.otherwise
      return shown
    },
  })
  return { ...schema, title: 'Octopus Gateway configuration', $defs: { reference: REFERENCE } }
}

const REFERENCE = { type: 'string', pattern: '\\$\\{', description: 'A reference to the environment: ${NAME} or ${NAME:-default}.' }

/** `${PORT}` stands where a number is wanted: the editor sees a text, the gateway the number. */
function orReference({ json }: LeafKind<unknown>): Record<string, unknown> {
  const anyText = json.type === 'string' && json.pattern === undefined
  return anyText || json.not !== undefined ? { ...json } : { anyOf: [json, { $ref: '#/$defs/reference' }] }
}
