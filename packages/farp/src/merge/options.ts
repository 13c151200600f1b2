import * as v from 'valibot'
import type { MergeOptions } from './merged.ts'
import { INFO } from './merged.ts'

const strategy = v.picklist(['prefix', 'error', 'skip', 'overwrite', 'merge'])
const requirement = v.record(v.string(), v.array(v.string()))

/** The options of merging as a valibot schema. Keys are the option names. */
export const mergeOptionEntries = {
  info: v.optional(
    v.strictObject({ title: v.optional(v.string()), version: v.optional(v.string()), description: v.optional(v.string()) }),
    {},
  ),
  collapseServiceTags: v.optional(
    v.union([v.boolean(), v.custom<(service: string) => boolean>((value) => typeof value === 'function')]),
    false,
  ),
  merge: v.optional(
    v.strictObject({
      conflictStrategy: v.optional(strategy, 'prefix'),
      security: v.optional(
        v.strictObject({
          strategy: v.optional(v.picklist(['union', 'intersection', 'per_service', 'global', 'most_strict']), 'union'),
          global: v.optional(v.array(requirement), []),
          schemes: v.optional(v.record(v.string(), v.record(v.string(), v.unknown())), {}),
          preserveOperationSecurity: v.optional(v.boolean(), true),
          prefixSchemeNames: v.optional(v.boolean(), false),
          exclude: v.optional(v.array(v.string()), []),
          required: v.optional(v.array(v.string()), []),
        }),
        {},
      ),
    }),
    {},
  ),
}

const entries = v.strictObject(mergeOptionEntries)

/** Checked options of merging, with every default, as the mergers want them. */
export function mergeOptionsOf(
  { info, collapseServiceTags, merge }: v.InferOutput<typeof entries>,
  host: string | undefined,
): MergeOptions {
  const { title = INFO.title, version = INFO.version, description = INFO.description } = info
  return { info: { title, description, version }, collapseServiceTags, ...merge, ...(host === undefined ? {} : { host }) }
}
