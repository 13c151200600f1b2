import { isObject, own, ownText } from '../json.ts'
import type { JsonObject } from '../json.ts'

/** A path item, through local references; other documents are never read, and a circle ends. */
export function resolveItem(item: unknown, document: JsonObject): JsonObject | undefined {
  let current = item
  for (let steps = 0; steps < 16; steps++) {
    if (!isObject(current)) return undefined
    const ref = ownText(current, '$ref')
    if (ref === undefined) return current
    current = resolvePointer(document, ref)
  }
  return undefined
}

/** What a local reference (`#/components/…`) points at, or `undefined`. */
export function resolvePointer(document: JsonObject, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined
  let current: unknown = document
  for (const token of pointerTokens(ref)) {
    if (Array.isArray(current)) current = /^\d+$/.test(token) ? current[Number(token)] : undefined
    else current = isObject(current) ? own(current, token) : undefined
  }
  return current
}

/** The tokens of a local reference, decoded (RFC 6901, section 6). */
export function pointerTokens(ref: string): string[] {
  const pointer = ref.slice(1)
  if (pointer === '' || !pointer.startsWith('/')) return pointer === '' ? [] : [pointer]
  return pointer
    .slice(1)
    .split('/')
    .map((token) => decodeSafely(token).replaceAll('~1', '/').replaceAll('~0', '~'))
}

function decodeSafely(text: string): string {
  return /%(?![0-9a-f]{2})/i.test(text)
    ? text
    : text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => new TextDecoder().decode(Buffer.from(run.replaceAll('%', ''), 'hex')))
}
