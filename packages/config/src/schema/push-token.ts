import { leaf, Refusal, type Leaf } from './leaf.ts'

/** A token with which services register themselves, and the services it is for. */
export interface PushTokenText {
  readonly token: string
  readonly services?: readonly string[]
}

/** A token (RFC 6750), or a map of it and its services. Never shown. */
export function pushToken(): Leaf<PushTokenText> {
  const token = { type: 'string', minLength: 16, maxLength: 512, pattern: '^[A-Za-z0-9._~+/-]+=*$' }
  const services = { type: 'array', items: { type: 'string' }, minItems: 1 }
  return leaf({
    name: 'token, or map',
    text: true,
    secret: true,
    json: { anyOf: [token, { type: 'object', properties: { token, services }, required: ['token'], additionalProperties: false }] },
    parse(value) {
      const {
        token: text,
        services: named,
        ...others
      } = (typeof value === 'string' ? { token: value } : (value ?? {})) as Record<string, unknown>
      if (typeof text !== 'string' || !/^[A-Za-z0-9._~+/-]{16,512}=*$/.test(text) || Object.keys(others).length > 0)
        return new Refusal('must be a token of 16 to 512 letters, digits and . _ ~ + / -, or a map with "token" and "services"')
      if (named === undefined) return { token: text }
      const isList = Array.isArray(named) && named.length > 0 && named.every((item) => typeof item === 'string' && item !== '')
      return isList ? { token: text, services: named as string[] } : new Refusal('must name at least one service in "services", as a list')
    },
  })
}
