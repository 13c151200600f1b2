import { ownObject, ownText, table } from '../../json.ts'
import type { JsonObject } from '../../json.ts'

const FLOWS: Readonly<Record<string, string>> = {
  implicit: 'implicit',
  password: 'password',
  application: 'clientCredentials',
  accessCode: 'authorizationCode',
}

/** A security scheme. */
export function convertScheme(scheme: JsonObject): JsonObject {
  const type = ownText(scheme, 'type')
  const rest = Object.entries(scheme).filter(([name]) => name === 'description' || name.startsWith('x-'))
  if (type === 'basic') return table<unknown>([['type', 'http'], ['scheme', 'basic'], ...rest])
  if (type !== 'oauth2') return scheme
  const written = ownText(scheme, 'flow') ?? ''
  const flow = Object.hasOwn(FLOWS, written) ? FLOWS[written]! : 'implicit'
  const urls = ['authorizationUrl', 'tokenUrl'].flatMap((name): [string, unknown][] => {
    const url = ownText(scheme, name)
    return url === undefined ? [] : [[name, url]]
  })
  const details = table<unknown>([...urls, ['scopes', ownObject(scheme, 'scopes') ?? table()]])
  return table<unknown>([['type', 'oauth2'], ['flows', table([[flow, details]])], ...rest])
}
