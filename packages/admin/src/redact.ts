import { sortedBy } from './order.ts'

const HIDDEN = '[redacted]'
const LONGEST = 1024

const SECRET_NAME =
  /secret|token|passw|passphrase|pwd|credential|api[-_.]?key|access[-_.]?key|private[-_.]?key|signing[-_.]?key|auth(?!or\b|ors\b|ority)|cookie|session|signature|bearer|(?:^|[-_.])dsn|conn(?:ection)?[-_.]?str/i

const SECRET_VALUE = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}/, // JSON web tokens
  /\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/i,
  /\b(?:gh[pousr]_|github_pat_|glpat-|npm_|xox[abeprs]-|sk[-_](?:live|test|proj)?[-_]?|hvs\.|AKIA|ASIA|AIza)[A-Za-z0-9_-]{12,}/,
]

/** A text of foreign origin without what looks like a secret in it: user info and secret-looking query values of URLs, known kinds of tokens. */
export function redactText(text: string): string {
  let clean = text.length > LONGEST ? `${text.slice(0, LONGEST)}… [${text.length} characters]` : text
  clean = clean.replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*@/gi, `$1${HIDDEN}@`)
  clean = clean.replace(/([?&;])([^=&;\s#]{1,100})=([^&;\s#"']*)/g, (whole, mark: string, name: string) =>
    SECRET_NAME.test(name) ? `${mark}${name}=${HIDDEN}` : whole,
  )
  for (const pattern of SECRET_VALUE) clean = clean.replace(new RegExp(pattern, `${pattern.flags}g`), HIDDEN)
  return clean
}

/**
 * Metadata of a registry, sorted, for people. Values whose name or form says "secret" are hidden, and so are whole JSON documents
 * (a manifest kept in metadata can hold a webhook's secret or a schema location's header fields).
 */
export function redactMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const clean: Record<string, string> = Object.create(null)
  for (const [name, value] of sortedBy(Object.entries(metadata), ([key]) => [key])) clean[name] = redactValue(name, value)
  return clean
}

function redactValue(name: string, value: string): string {
  if (SECRET_NAME.test(name)) return HIDDEN
  if (/^\s*[[{]/.test(value)) return `[document, ${value.length} characters]`
  return redactText(value)
}
