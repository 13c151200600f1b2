import type { ContentCoding } from '../../exchange/head.ts'

/** RFC 9110, section 8.4.1.3. */
const ALIASES: ReadonlyMap<string, string> = new Map([['x-gzip', 'gzip']])
const WEIGHT = /^q\s*=\s*([01](?:\.\d{0,3})?)$/i
/** Nobody means more; a client may send as many as fit into its head. */
const MAX_ENTRIES = 32

/**
 * The coding that a client likes best among these (RFC 9110, section 12.5.3), the first of equals; `null` when it prefers the body as it is
 * or says nothing.
 */
export function negotiate(accept: string | undefined, offered: readonly ContentCoding[]): ContentCoding | null {
  if (accept === undefined || accept === '') return null
  const weights = weightsOf(accept)
  const others = weights.get('*') ?? 0
  let best: ContentCoding | null = null
  // Not named, it is what is left when nothing that is named can be had.
  let bestWeight = weights.get('identity') ?? 0
  let isBeaten = false
  for (const coding of offered) {
    const weight = weights.get(coding) ?? others
    if (weight === 0) continue
    if (isBeaten ? weight > bestWeight : weight >= bestWeight) {
      best = coding
      bestWeight = weight
      isBeaten = true
    }
  }
  return best
}

function weightsOf(accept: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const entry of accept.toLowerCase().split(',', MAX_ENTRIES)) {
    const [name = '', ...parameters] = entry.split(';', 4).map((part) => part.trim())
    if (name === '') continue
    const weight = parameters.length === 0 ? 1 : weightOf(parameters)
    // What cannot be read is not asked for.
    weights.set(ALIASES.get(name) ?? name, weight)
  }
  return weights
}

function weightOf(parameters: readonly string[]): number {
  const match = parameters.length === 1 ? WEIGHT.exec(parameters[0]!) : null
  return match === null ? 0 : Math.min(1, Number(match[1]))
}
