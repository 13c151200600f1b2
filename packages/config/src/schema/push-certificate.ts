import { certificateName } from '@octopus-gateway/core'
import { leaf, Refusal, type Leaf } from './leaf.ts'

/** A name of client certificates with which services register themselves, and the services it is for. */
export interface PushCertificateText {
  readonly name: string
  readonly services?: readonly string[]
}

const NAME =
  'a whole name of a certificate such as DNS:users.internal or URI:spiffe://shop/users, without wildcards, or its SHA-256 fingerprint'

/** A name of certificates, or a map of it and its services. */
export function pushCertificate(): Leaf<PushCertificateText> {
  const name = { type: 'string', pattern: '^((DNS|URI|email|IP):.+|[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31})$' }
  const services = { type: 'array', items: { type: 'string' }, minItems: 1 }
  return leaf({
    name: 'name, or map',
    text: true,
    json: { anyOf: [name, { type: 'object', properties: { name, services }, required: ['name'], additionalProperties: false }] },
    parse(value, shown) {
      const {
        name: text,
        services: named,
        ...others
      } = (typeof value === 'string' ? { name: value } : (value ?? {})) as Record<string, unknown>
      if (typeof text !== 'string' || Object.keys(others).length > 0)
        return new Refusal(`must be ${NAME}, or a map with "name" and "services", not ${shown}`)
      if (certificateName(text) === undefined) return new Refusal(`must name ${NAME}, not ${typeof value === 'string' ? shown : 'this'}`)
      if (named === undefined) return { name: text }
      const isList = Array.isArray(named) && named.length > 0 && named.every((item) => typeof item === 'string' && item !== '')
      return isList ? { name: text, services: named as string[] } : new Refusal('must name at least one service in "services", as a list')
    },
  })
}
