/** What became of a text with references to the environment. */
export interface Substituted {
  readonly text: string
  /** The names that were looked up, in order. */
  readonly variables: readonly string[]
  /** Names that are not set and have no default. */
  readonly missing: readonly string[]
  /** The first reference that cannot be read, as written. */
  readonly malformed?: string
}

const REFERENCE = /\$(?:\$|\{([^}]*)(\}?))/g
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

/**
 * Puts the environment into a text: `${NAME}`, `${NAME:-default}` for a name that is not set or empty, and `$$` for one `$`.
 * Any other `$` stays as it is, and so do references in the values that are put in.
 */
export function substitute(text: string, env: Readonly<Record<string, string | undefined>>): Substituted {
  if (!text.includes('$')) return { text, variables: [], missing: [] }
  const variables: string[] = []
  const missing: string[] = []
  let malformed: string | undefined
  const out = text.replaceAll(REFERENCE, (whole, body: string | undefined, end: string | undefined) => {
    if (body === undefined) return '$'
    const match = end === '}' && !body.includes('${') ? NAME.exec(body) : null
    if (match === null) {
      malformed ??= whole
      return whole
    }
    const name = match[1]!
    const standard = match[2]?.replaceAll('$$', '$')
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    variables.push(name)
    if (standard !== undefined) return value === undefined || value === '' ? standard : value
    if (value === undefined) missing.push(name)
    return value ?? ''
  })
  return { text: out, variables, missing, ...(malformed === undefined ? {} : { malformed }) }
}
