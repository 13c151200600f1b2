import * as v from 'valibot'
import { leaf, Refusal, type Leaf } from './leaf.ts'
import { nearest } from '../report/suggest.ts'
import { sectionOf, type AnySchema, type NamedKind } from './walk.ts'

type Sections = Readonly<Record<string, v.GenericSchema<unknown, object>>>

/** One of the maps, with its name. */
export type Named<S extends Sections> = { [K in keyof S & string]: { readonly name: K } & v.InferOutput<S[K]> }[keyof S & string]

/** The words of an error. */
interface NamedWords {
  /** Completes "must be …". */
  readonly what: string
  /** Names that are known and not available yet. */
  readonly later: readonly string[]
}

/** A schema for one of several maps by name. `shared` is the name under which editors and the reference describe it, once for all its places. */
export function named<const S extends Sections>(
  sections: S,
  { shared, what, later }: NamedWords & { readonly shared: string },
): v.GenericSchema<unknown, Named<S>> & { readonly named: NamedKind; readonly shared: string } {
  const stranger = nobody(Object.keys(sections), { what, later })
  const run: v.GenericSchema<unknown, Named<S>>['~run'] = (dataset, config) => {
    const { value } = dataset
    const name = typeof value === 'string' ? value : (value as { readonly name?: unknown } | null)?.name
    const section = typeof name === 'string' ? sectionOf(sections, name) : undefined
    if (section === undefined) return refuse(stranger, value, config)
    const { name: _name, ...options } = typeof value === 'string' ? { name } : (value as { readonly name: string })
    const inner = section.schema['~run']({ value: options }, config)
    return { ...inner, value: { name: section.name, ...(inner.value as object) } } as v.OutputDataset<Named<S>, v.BaseIssue<unknown>>
  }
  const kind: NamedKind = { sections: sections as unknown as NamedKind['sections'], stranger: stranger as unknown as AnySchema }
  return Object.assign(v.unknown(), { '~run': run, named: kind, shared }) as unknown as ReturnType<typeof named<S>>
}

function refuse<T>(
  stranger: Leaf<never>,
  value: unknown,
  config: v.Config<v.BaseIssue<unknown>>,
): v.OutputDataset<T, v.BaseIssue<unknown>> {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isMap) return stranger['~run']({ value }, config)
  const has = 'name' in value
  const input = has ? value.name : undefined
  const result = stranger['~run']({ value: input }, config)
  const at: v.ObjectPathItem = {
    type: 'object',
    origin: has ? 'value' : 'key',
    input: value as Record<string, unknown>,
    key: 'name',
    value: input,
  }
  for (const issue of result.issues ?? []) Object.assign(issue, { path: [at] })
  return { ...result, value: {} } as v.OutputDataset<T, v.BaseIssue<unknown>>
}

function nobody(names: readonly string[], { what, later }: NamedWords): Leaf<never> {
  const list = names.join(', ')
  return leaf<never>({
    name: `one of ${list}`,
    json: { enum: names },
    parse(value, shown) {
      if (typeof value !== 'string') return new Refusal(`must be ${what}: one of ${list}, not ${shown}`)
      if (later.includes(value.replaceAll('-', '_'))) return new Refusal(`${shown} is not available yet; remove it`, 'not_available')
      const near = nearest(value, [...names, ...later])
      return new Refusal(`must be ${what}, not ${shown}; ${near === undefined ? `there are ${list}` : `did you mean ${near}?`}`)
    },
  })
}
