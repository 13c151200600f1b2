import { isObject, own, ownObject, ownText, table } from '../../json.ts'
import { resolveItem } from '../../adapters/pointers.ts'
import { pointerToken } from '../names.ts'
import type { JsonObject } from '../../json.ts'

/** Scopes of a flow are called available ones. */
export function convertScheme(scheme: JsonObject): JsonObject {
  let known = converted.get(scheme)
  if (known === undefined) converted.set(scheme, (known = convert(scheme)))
  return known
}

/** Thousands of operations may require one scheme. */
const converted = new WeakMap<JsonObject, JsonObject>()

function convert(scheme: JsonObject): JsonObject {
  const flows = ownObject(scheme, 'flows')
  if (flows === undefined) return scheme
  const written = each(flows, (flow) =>
    table(Object.entries(flow).map(([name, value]) => [name === 'scopes' ? 'availableScopes' : name, value])),
  )
  return table([...Object.entries(scheme), ['flows', written]])
}

/** Requirements by name as references to the schemes; one with scopes becomes a copy of its scheme that names them. */
export function convertSecurity(requirements: readonly unknown[], document: JsonObject): JsonObject[] {
  const schemes = ownObject(ownObject(document, 'components') ?? table(), 'securitySchemes') ?? table()
  return requirements.filter(isObject).flatMap((requirement) =>
    Object.entries(requirement).map(([name, scopes]) => {
      const scheme = resolveItem(own(schemes, name), document)
      const wanted = Array.isArray(scopes) ? (scopes as unknown[]) : []
      if (scheme === undefined || wanted.length === 0 || !['oauth2', 'openIdConnect'].includes(ownText(scheme, 'type') ?? ''))
        return { $ref: `#/components/securitySchemes/${pointerToken(name)}` }
      return table([...Object.entries(convertScheme(scheme)), ['scopes', wanted]])
    }),
  )
}

/** A table with every object in it converted. */
export function each(items: JsonObject | undefined, convert: (item: JsonObject) => unknown): JsonObject {
  return table(Object.entries(items ?? table()).map(([name, item]) => [name, isObject(item) ? convert(item) : item]))
}
