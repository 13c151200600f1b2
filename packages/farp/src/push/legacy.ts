import { isObject, own, ownList, ownText, violation } from '../json.ts'
import { PushError } from './push-error.ts'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'

/**
 * A manifest with the schemas that an older client sent beside it (`{id, service, format, version, content, checksum?}`): each takes the place of the
 * descriptor of its language, or becomes one. Throws `PushError` for one beyond the limits. What a descriptor says of its hash stays: the checksum of the manifest is made of it.
 */
export function withLegacySchemas(manifest: JsonObject, schemas: readonly unknown[], limits: Limits): JsonObject {
  const descriptors = ownList(manifest, 'schemas').map((item) => item)
  for (const schema of schemas) {
    if (!isObject(schema)) continue
    const type = ownText(schema, 'format')?.toLowerCase()
    const content = contentOf(own(schema, 'content'))
    if (type === undefined || content === undefined) continue
    // What was in a text was not looked at with the body.
    const problem = violation(content, limits)
    if (problem !== undefined) throw new PushError(400, 'INVALID_BODY', `the schema of format "${type}" is refused: ${problem}`)
    const place = descriptors.findIndex((item) => isObject(item) && ownText(item, 'type')?.toLowerCase() === type)
    const inline = { location: { type: 'inline' }, inline_schema: content }
    if (place >= 0) descriptors[place] = { ...(descriptors[place] as JsonObject), ...inline }
    else descriptors.push({ type, spec_version: ownText(schema, 'version') ?? '', content_type: 'application/json', ...inline })
  }
  return { ...manifest, schemas: descriptors }
}

/** JSON in a text is the value; a text of another kind stays one. */
function contentOf(content: unknown): unknown {
  if (typeof content !== 'string') return content ?? undefined
  try {
    return JSON.parse(content) as unknown
  } catch {
    return content
  }
}
