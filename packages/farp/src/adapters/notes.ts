import { finding } from '../findings.ts'
import { clean } from '../text.ts'
import { ownText } from '../json.ts'
import type { Finding } from '@octopus-gateway/core'
import type { JsonObject } from '../json.ts'

/** The finding about a path that is not routed. */
export function skipped(path: string, problem: string): Finding {
  return finding('PATH_SKIPPED', `path "${clean(path, 200)}" is not routed: ${problem}`)
}

/** The findings without repetition, and few: some say as much as thousands. */
export function capped(findings: readonly Finding[]): readonly Finding[] {
  const distinct = [...new Map(findings.map((item) => [item.message, item])).values()]
  if (distinct.length <= 20) return distinct
  return [...distinct.slice(0, 20), finding('PATH_SKIPPED', `${distinct.length - 20} more findings about paths were left out`)]
}

/** A short text member for people. */
export function label(object: JsonObject, name: string): string | undefined {
  const text = ownText(object, name)
  return text === undefined ? undefined : clean(text, 500)
}

/** The `x-*` members of an object. */
export function extensionsOf(object: JsonObject): [string, unknown][] {
  return Object.entries(object).filter(([name]) => name.startsWith('x-'))
}
