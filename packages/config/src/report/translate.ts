import type * as v from 'valibot'
import { docOf, knownKeys, schemaAt, type AnySchema } from '../schema/walk.ts'
import { Refusal, show } from '../schema/leaf.ts'
import { formatPath, type Node, type Path } from '../tree/node.ts'
import { nearest } from './suggest.ts'
import { printable, type Problem } from './issues.ts'

/** What the schema refused, in words for people. One issue of the schema can be several problems: it names only the first unknown key. */
export function translate(issue: v.BaseIssue<unknown>, schema: AnySchema, root: Node): Problem[] {
  const path = (issue.path ?? []).map((item) => item.key as string | number)
  const found = schemaAt(schema, path, root)
  if (issue.expected === 'never') return unknownKeys(path.slice(0, -1), issue, { schema, root })
  if (found === undefined) return [{ code: 'invalid_value', path, message: issue.message }]
  if (issue.path?.at(-1)?.origin === 'key') return [{ code: 'missing_key', path, message: `is missing; ${wanted(found)}` }]
  if (found.leaf !== undefined) {
    const shown = found.leaf.secret === true ? 'the given value' : printable(root, path, show(issue.input))
    const refusal = found.leaf.parse(issue.input, shown)
    return [
      {
        code: refusal instanceof Refusal ? refusal.code : 'invalid_value',
        path,
        message: refusal instanceof Refusal ? refusal.message : issue.message,
      },
    ]
  }
  const what =
    found.item === undefined
      ? `${found.orFalse === true ? 'false, or ' : ''}a map of keys such as ${Object.keys(found.entries ?? {})
          .slice(0, 3)
          .join(', ')}`
      : `${found.orText === true ? 'a name, or ' : found.orFlag === true ? 'true, false, or ' : ''}a list`
  return [{ code: 'invalid_value', path, message: `must be ${what}, not ${printable(root, path, show(issue.input))}` }]
}

function wanted(schema: AnySchema): string {
  const description = docOf(schema)?.description
  const kind = schema.leaf === undefined ? (schema.item === undefined ? 'map' : 'list') : schema.leaf.name
  return `add it (${kind})${description === undefined ? '' : `: ${description}`}`
}

function unknownKeys(
  parent: Path,
  issue: v.BaseIssue<unknown>,
  { schema, root }: { readonly schema: AnySchema; readonly root: Node },
): Problem[] {
  const known = Object.keys(schemaAt(schema, parent, root)?.entries ?? {})
  const given = Object.keys((issue.path!.at(-1)!.input ?? {}) as object)
  return given
    .filter((key) => !known.includes(key))
    .map((key) => ({ code: 'unknown_key', path: [...parent, key], message: unknownKey(key, known, { parent, schema }) }))
}

function unknownKey(key: string, known: readonly string[], place: { readonly parent: Path; readonly schema: AnySchema }): string {
  const near = nearest(key, known)
  if (near !== undefined) return `there is no such key; did you mean ${near}?`
  const elsewhere = pathOfName(key, place.schema)
  if (elsewhere !== undefined) return `there is no such key here; did you mean ${elsewhere}?`
  const where = place.parent.length === 0 ? 'at the top' : `in ${formatPath(place.parent)}`
  return `there is no such key; the keys ${where} are ${known.join(', ')}`
}

/** Where a key of about this name is, when that is clear. */
function pathOfName(key: string, schema: AnySchema): string | undefined {
  const paths = new Map<string, string[]>()
  for (const { path } of knownKeys(schema)) {
    const plain = path.replaceAll('[]', '')
    const name = plain.split('.').at(-1)!
    paths.set(name, [...(paths.get(name) ?? []), plain])
  }
  const found = paths.get(nearest(key, paths.keys()) ?? '') ?? []
  // What upstreams and routes share with `routing` most likely belongs there.
  return found.find((path) => path.startsWith('routing.')) ?? (found.length === 1 ? found[0] : undefined)
}
