import { configSchema } from './schema/root.ts'
import { toJsonSchema, type ConversionConfig } from '@valibot/to-json-schema'
import type * as v from 'valibot'
import type { AnySchema, NamedKind } from './schema/walk.ts'
import type { LeafKind } from './schema/leaf.ts'

/** A JSON Schema document. */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * The JSON Schema (2020-12) of the YAML dialect, with descriptions and defaults: for completion and checks in an editor. Keys that are known and not
 * available yet accept nothing. It describes one file as it is written, so a reference to the environment is accepted wherever a value is.
 */
export function configJsonSchema(): JsonSchema {
  const definitions = new Definitions()
  return {
    ...definitions.convert(configSchema),
    title: 'Octopus Gateway configuration',
    $defs: { reference: REFERENCE, ...definitions.found },
  }
}

const REFERENCE = { type: 'string', pattern: '\\$\\{', description: 'A reference to the environment: ${NAME} or ${NAME:-default}.' }

/** What stands in several places is written once, and referred to. */
class Definitions {
  readonly found: Record<string, JsonSchema> = {}

  convert(schema: v.GenericSchema): JsonSchema {
    const { $schema, ...json } = toJsonSchema(schema, this.#config(schema)) as JsonSchema
    return (schema as unknown) === configSchema ? { $schema, ...json } : json
  }

  #config(whole: v.GenericSchema): ConversionConfig {
    return {
      target: 'draft-2020-12',
      typeMode: 'input',
      overrideSchema: ({ valibotSchema, jsonSchema }) => {
        const { leaf, shared, orFalse, orFlag, orText } = valibotSchema as unknown as AnySchema
        if (leaf !== undefined) return { ...jsonSchema, ...orReference(leaf) }
        if (shared !== undefined && (valibotSchema as unknown) !== whole) return this.#reference(valibotSchema as v.GenericSchema, shared)
        if (orFlag === true) return { anyOf: [{ type: 'boolean' }, { $ref: '#/$defs/reference' }, jsonSchema] }
        if (orText === true) return { anyOf: [{ type: 'string', minLength: 1 }, jsonSchema] }
        return orFalse === true ? { anyOf: [{ const: false }, jsonSchema] } : undefined
      },
      overrideAction: ({ valibotAction, jsonSchema }) => {
        if (valibotAction.type !== 'metadata') return undefined
        const shown = { ...jsonSchema } as Record<string, unknown>
        delete shown.risk
        delete shown.otherwise
        return shown
      },
    }
  }

  #reference(schema: v.GenericSchema, name: string): { readonly $ref: string } {
    const { named } = schema as unknown as AnySchema
    this.found[name] ??= named === undefined ? this.convert(schema) : this.#named(named)
    return { $ref: `#/$defs/${name}` }
  }

  #named({ sections }: NamedKind): JsonSchema {
    const maps = Object.entries(sections).map(([name, section]) => {
      const json = this.convert(section) as { readonly properties?: object; readonly required?: readonly string[] }
      return { ...json, properties: { name: { const: name }, ...json.properties }, required: ['name', ...(json.required ?? [])] }
    })
    return { anyOf: [{ enum: Object.keys(sections) }, ...maps] }
  }
}

/** `${PORT}` stands where a number is wanted: the editor sees a text, the gateway the number. */
function orReference({ json }: LeafKind<unknown>): Record<string, unknown> {
  const anyText = json.type === 'string' && json.pattern === undefined
  return anyText || json.not !== undefined ? { ...json } : { anyOf: [json, { $ref: '#/$defs/reference' }] }
}
