import { algorithmsOfSecret, isSymmetric, specOf } from './algorithms.ts'
import type { Algorithm } from './algorithms.ts'

/** The options that have to fit each other. */
interface Combined {
  readonly secret?: string | undefined
  readonly publicKey?: string | undefined
  readonly jwksUrl?: string | undefined
  readonly allowInsecureJwks: boolean
  readonly algorithms?: readonly Algorithm[] | undefined
}

/** What is wrong, at an option or with all of them. */
export interface Problem {
  readonly key?: keyof Combined
  readonly message: string
}

const KEYS = ['secret', 'publicKey', 'jwksUrl'] as const

/** What is wrong with options that are well-formed one by one. */
export function checkJwtOptions(options: Combined): readonly Problem[] {
  const given = KEYS.filter((key) => options[key] !== undefined)
  if (given.length === 0) return [{ message: 'there is no key: give one of secret, publicKey (PEM text or file) and jwksUrl' }]
  if (given.length > 1)
    return [{ key: given[1]!, message: `${given.join(' and ')} exclude each other: which of them counts must not be a guess` }]
  const problems = [...checkAlgorithms(options)]
  if (options.secret !== undefined) problems.push(...checkSecret(options.secret, options.algorithms))
  if (options.jwksUrl !== undefined) problems.push(...checkUrl(options.jwksUrl, options.allowInsecureJwks))
  if (options.jwksUrl === undefined && options.allowInsecureJwks) {
    problems.push({ key: 'allowInsecureJwks', message: 'it says something about jwksUrl, which is not given' })
  }
  return problems
}

/** A public key used as a secret would let everybody sign: kinds of keys and of algorithms never mix (RFC 8725, section 3.1). */
function checkAlgorithms({ secret, algorithms = [] }: Combined): readonly Problem[] {
  const wrong = algorithms.filter((algorithm) => isSymmetric(algorithm) !== (secret !== undefined))
  if (wrong.length === 0) return []
  const message =
    secret === undefined
      ? `${wrong.join(', ')} would need a secret, and a public key is none; remove it`
      : `${wrong.join(', ')} would need a public key (publicKey or jwksUrl), not a secret; remove it`
  return [{ key: 'algorithms', message }]
}

function checkSecret(secret: string, algorithms: readonly Algorithm[] | undefined): readonly Problem[] {
  if (secret.includes('-----BEGIN')) return [{ key: 'secret', message: 'this is a PEM text; a public key belongs in publicKey' }]
  const { length } = new TextEncoder().encode(secret)
  const wanted = (algorithms ?? ['HS256']).filter((algorithm) => isSymmetric(algorithm))
  const long = algorithmsOfSecret(length)
  const short = wanted.filter((algorithm) => !long.includes(algorithm))
  if (short.length === 0) return []
  const needs = short.map((algorithm) => `${algorithm} needs at least ${specOf(algorithm).secretBytes} bytes`).join(', ')
  return [{ key: 'secret', message: `it has ${length} bytes; ${needs} (RFC 7518, section 3.2). Make one: openssl rand -base64 48` }]
}

function checkUrl(text: string, isInsecureAllowed: boolean): readonly Problem[] {
  if (!URL.canParse(text)) return [{ key: 'jwksUrl', message: 'it is not a URL; write https://login.example.com/.well-known/jwks.json' }]
  const url = new URL(text)
  if (url.username !== '' || url.password !== '')
    return [{ key: 'jwksUrl', message: 'a URL with a user name or password cannot be fetched' }]
  if (url.protocol === 'https:' || (url.protocol === 'http:' && (isInsecureAllowed || isThisMachine(url.hostname)))) return []
  if (url.protocol !== 'http:') return [{ key: 'jwksUrl', message: `keys come over https, not over ${url.protocol.slice(0, -1)}` }]
  return [
    {
      key: 'jwksUrl',
      message: 'whoever sits between could give us keys of their own: write https, or set allowInsecureJwks when the network is trusted',
    },
  ]
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
