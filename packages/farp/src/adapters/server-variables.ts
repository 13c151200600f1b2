import { ownObject, ownText, table } from '../json.ts'
import type { JsonObject } from '../json.ts'

/** As long as a path may be. */
const LONGEST = 2048

/** A server's address with the defaults of its variables. Where that would be longer than any path the rest of it stays as it is: a few names multiply. */
export function withVariables(text: string, server: JsonObject): string {
  const variables = ownObject(server, 'variables') ?? table()
  let left = LONGEST - text.length
  if (left < 0) return text
  return text.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
    const variable = ownObject(variables, name)
    const value = (variable === undefined ? undefined : ownText(variable, 'default')) ?? whole
    left -= value.length
    return left < 0 ? whole : value
  })
}
