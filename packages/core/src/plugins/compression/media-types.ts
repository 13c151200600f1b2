/** Media types that become much smaller: text, JSON, JavaScript, XML, SVG, WebAssembly, YAML. */
export const DEFAULT_TYPES: readonly string[] = [
  'text/*',
  'application/json',
  'application/*+json',
  'application/javascript',
  'application/ecmascript',
  'application/xml',
  'application/*+xml',
  'image/svg+xml',
  'application/wasm',
  'application/yaml',
  'application/*+yaml',
]

/** A type, a subtype, or `*` in place of either or of its beginning. */
export const TYPE_PATTERN = /^(?:\*|[\w!#$&^.+-]+)\/(?:\*|\*?[\w!#$&^.+-]+)$/

/** Whether a `Content-Type` is one of these. */
export function mediaTypes(patterns: readonly string[]): (contentType: string) => boolean {
  const alternatives = patterns.map((pattern) =>
    pattern
      .toLowerCase()
      .replaceAll(/[$^.+]/g, String.raw`\$&`)
      .replaceAll('*', String.raw`[^;,\s]*`),
  )
  const matching = new RegExp(`^(?:${alternatives.join('|')})[ \\t]*(?:;|$)`, 'i')
  return (contentType) => patterns.length > 0 && matching.test(contentType)
}
