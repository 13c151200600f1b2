import { isIP, isIPv4, isIPv6 } from 'node:net'
import { METHODS } from 'node:http'
import { leaf, Refusal, type Leaf } from './leaf.ts'
import { isPathPrefix, parseHost, parsePattern, ruleProblem } from '@octopus-gateway/core'
import { nearest } from '../report/suggest.ts'

/** What a text must look like, beside not being empty. */
interface TextRule {
  readonly name: string
  /** Completes "must be …". */
  readonly what: string
  readonly pattern?: string
  /** A reason to refuse it, or nothing. */
  refuse?(text: string): string | undefined
}

/** A text that is taken unless its rule has a reason against it. */
export function ruled(rule: TextRule): Leaf<string> {
  return leaf({
    name: rule.name,
    text: true,
    json: { type: 'string', minLength: 1, ...(rule.pattern === undefined ? {} : { pattern: rule.pattern }) },
    parse(value, shown) {
      if (typeof value !== 'string' || value === '')
        return new Refusal(`must be ${rule.what}, not ${value === '' ? 'an empty text' : shown}`)
      const reason = rule.refuse?.(value)
      return reason === undefined ? value : new Refusal(`must be ${rule.what}, not ${shown}${reason === '' ? '' : `; ${reason}`}`)
    },
  })
}

/** Any text but an empty one. */
export function text(name = 'text'): Leaf<string> {
  return ruled({ name, what: 'a text' })
}

/** A name of an upstream or a service. */
export function name(): Leaf<string> {
  return ruled({
    name: 'name',
    what: 'a name',
    refuse: (value) => (/^\s|\s$|\p{Cc}/u.test(value) ? 'a name has no space around it and no control characters' : undefined),
  })
}

const LABELS = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$/

/** Whether this is a host name or an IP address, without port. */
export function isHost(value: string): boolean {
  return isIP(value) !== 0 || (LABELS.test(value) && !/^[\d.]+$/.test(value))
}

/** A host name or an address; an IPv6 address with or without brackets, given back without. */
export function host(): Leaf<string> {
  return leaf({
    name: 'host',
    text: true,
    json: { type: 'string', minLength: 1 },
    parse(value, shown) {
      const bare = typeof value === 'string' ? value.replace(/^\[(.*)\]$/, '$1') : ''
      if (isHost(bare)) return bare
      const hint = typeof value === 'string' && /[:/]/.test(value) ? '; leave out scheme, port and path' : ''
      return new Refusal(`must be a host name or an address, not ${shown}${hint}`)
    },
  })
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. */
export function cidr(): Leaf<string> {
  return leaf({
    name: 'CIDR range',
    json: { type: 'string', minLength: 1 },
    parse(value, shown) {
      const [address = '', bits, ...rest] = typeof value === 'string' ? value.split('/') : []
      const width = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : 0
      const given = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity
      if (width > 0 && rest.length === 0 && given <= width) return `${address}/${given}`
      return new Refusal(`must be a range such as 10.0.0.0/8 or fd00::/8, or one address, not ${shown}`)
    },
  })
}

/** Hosts that something may be fetched from: `host`, `host:port` or `*.suffix`. */
export function hostRule(): Leaf<string> {
  return ruled({
    name: 'host rule',
    what: 'a host such as schemas.example.com, schemas.example.com:8443 or *.example.com',
    refuse: (value) => {
      const match = /^(?:\*\.|)(\[[0-9a-f:.]+\]|[a-z0-9][a-z0-9.-]*)(?::(\d{1,5}))?$/i.exec(value)
      return match !== null && Number(match[2] ?? 1) <= 65_535 ? undefined : value.includes('/') ? 'leave out scheme and path' : ''
    },
  })
}

/** The host of a route: exact, any deeper name, or by its first label. */
export function hostPattern(): Leaf<string> {
  return ruled({
    name: 'host pattern',
    what: 'a host such as api.example.com, *.example.com or api.*',
    refuse: (value) => {
      if (isIPv6(value)) return 'write an IPv6 address in brackets'
      return reasonOf(() => parseHost(value), value)
    },
  })
}

/** The path of a route. */
export function routePath(): Leaf<string> {
  return ruled({
    name: 'path pattern',
    what: 'a path such as /users, /users/{id} or /files/*',
    pattern: '^/',
    refuse: (value) => reasonOf(() => parsePattern(value), value),
  })
}

/** The pattern of a rewrite. */
export function pathRulePattern(): Leaf<string> {
  return ruled({
    name: 'RE2 pattern',
    what: 'a pattern such as ^/v1/(.*)$',
    refuse: (pattern) => /: (.*)\.$/.exec(ruleProblem({ pattern, replacement: '/' }) ?? '')?.[1],
  })
}

/** The replacement of a rewrite, which may be empty; whether its groups exist is seen beside the pattern. */
export function pathRuleReplacement(): Leaf<string> {
  return leaf({
    name: 'replacement',
    text: true,
    json: { type: 'string' },
    parse: (value, shown) => (typeof value === 'string' ? value : new Refusal(`must be a replacement such as /$1, not ${shown}`)),
  })
}

/** Why the gateway's own reader refuses a text, without the text: what came out of the environment is not shown. */
function reasonOf(read: () => unknown, value: string): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    return (error as TypeError).message.replaceAll(`"${value}"`, 'it').replace(/\.$/, '')
  }
}

/** A fixed path in front of others. */
export function prefix(): Leaf<string> {
  return ruled({
    name: 'path',
    what: 'a path such as /api',
    pattern: '^/',
    refuse: (value) => {
      if (!value.startsWith('/')) return 'it begins with /'
      return isPathPrefix(value) && !value.includes('*')
        ? undefined
        : 'it has no query, fragment, wildcard, empty or dot segment, and is percent-encoded where it must be'
    },
  })
}

/** A path, or with a `*` at the end everything below it, as clients send it. */
export function skipPath(): Leaf<string> {
  return ruled({
    name: 'path',
    what: 'a path such as /status, or /public/* for everything below it',
    pattern: '^/',
    refuse: (value) => {
      const path = value.replace(/\/\*$/, '/')
      return path.startsWith('/') && isPathPrefix(path) && !path.includes('*')
        ? undefined
        : 'it is compared as it is sent: percent-encoded where it must be'
    },
  })
}

/** An HTTP method, upper-case. */
export function method(): Leaf<string> {
  return leaf({
    name: 'method',
    json: { type: 'string', minLength: 1 },
    parse(value, shown) {
      const upper = typeof value === 'string' ? value.toUpperCase() : ''
      if (METHODS.includes(upper) && upper !== 'CONNECT') return upper
      const near = nearest(upper, METHODS)
      return new Refusal(`must be an HTTP method such as GET, not ${shown}${near === undefined ? '' : `; did you mean ${near}?`}`)
    },
  })
}

/** Names and texts. */
export function textMap(): Leaf<Readonly<Record<string, string>>> {
  return leaf({
    name: 'map of texts',
    text: true,
    json: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
    parse(value, shown) {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        return new Refusal(`must be a map of names and texts, not ${shown}`)
      const entries = Object.entries(value as Record<string, unknown>)
      const wrong = entries.find(([, item]) => typeof item !== 'string')
      if (wrong !== undefined) return new Refusal(`must be a map of names and texts, and ${JSON.stringify(wrong[0])} is not a text`)
      return Object.fromEntries(entries) as Record<string, string>
    },
  })
}

/** Names and secrets. Never shown. */
export function secretMap(): Leaf<Readonly<Record<string, string>>> {
  return leaf({
    name: 'map of secrets',
    text: true,
    secret: true,
    json: { type: 'object', additionalProperties: { type: 'string', minLength: 16 } },
    parse(value) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Refusal('must be a map of names and secrets')
      const entries = Object.entries(value as Record<string, unknown>)
      const wrong = entries.find(([, item]) => typeof item !== 'string' || item.length < 16)
      if (wrong !== undefined)
        return new Refusal(`must be a map of names and secrets, and that of ${JSON.stringify(wrong[0])} has fewer than 16 characters`)
      return Object.fromEntries(entries) as Record<string, string>
    },
  })
}

/** Something in PEM form (RFC 7468), or the file that holds it. Never shown: a key pasted in the wrong way looks like a file. */
export function pem(what: 'certificate' | 'private key'): Leaf<string> {
  return leaf({
    name: `file or PEM`,
    secret: true,
    json: { type: 'string', minLength: 1 },
    parse(value) {
      if (typeof value === 'string' && value !== '') return value
      return new Refusal(`must be the name of a file with a ${what} in PEM form, or that text itself`)
    },
  })
}

/** A name that a client may ask for: exact, or every name one level below. */
export function serverName(): Leaf<string> {
  return ruled({
    name: 'host',
    what: 'a host such as www.example.com or *.example.com',
    refuse: (value) => {
      const bare = value.replace(/^\*\./, '')
      return LABELS.test(bare) && isIP(bare) === 0 ? undefined : ''
    },
  })
}

/** A version of TLS. */
export function tlsVersion(): Leaf<'1.2' | '1.3'> {
  return leaf({
    name: '`1.2`, `1.3`',
    text: true,
    json: { enum: [1.2, 1.3, '1.2', '1.3'] },
    parse(value, shown) {
      if (value === '1.2' || value === '1.3') return value
      const old = value === '1.0' || value === '1.1' ? '; older versions are broken (RFC 8996)' : ''
      return new Refusal(`must be 1.2 or 1.3, not ${shown}${old}`)
    },
  })
}

/** A map whose keys are somebody else's. Numbers stay numbers. */
export function anyMap(): Leaf<Readonly<Record<string, unknown>>> {
  return leaf({
    name: 'map',
    json: { type: 'object' },
    parse: (value, shown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? (value as Readonly<Record<string, unknown>>)
        : value === null
          ? {}
          : new Refusal(`must be a map, not ${shown}`),
  })
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** The name of a header field, in lower case. */
export function fieldName(): Leaf<string> {
  return leaf({
    name: 'field name',
    json: { type: 'string', minLength: 1 },
    parse: (value, shown) =>
      typeof value === 'string' && TOKEN.test(value)
        ? value.toLowerCase()
        : new Refusal(`must be the name of a header field such as x-request-id, not ${shown}`),
  })
}

/** What a limit counts by. */
export type LimitKey = 'ip' | 'identity' | 'route' | `header:${string}`

/** One thing that a limit counts by, or several. */
export function limitKeys(): Leaf<readonly LimitKey[]> {
  const json = { type: 'string', pattern: '^(ip|identity|route|header:.+)$' }
  return leaf({
    name: 'limit key, or list of them',
    json: { anyOf: [json, { type: 'array', items: json, minItems: 1 }] },
    parse(value, shown) {
      const keys = Array.isArray(value) ? (value as unknown[]) : [value]
      const isKey = (key: unknown): key is LimitKey =>
        key === 'ip' ||
        key === 'identity' ||
        key === 'route' ||
        (typeof key === 'string' && key.startsWith('header:') && TOKEN.test(key.slice(7)))
      if (keys.length > 0 && keys.every(isKey)) return keys
      return new Refusal(`must be ip, identity, route, header:<name>, or a list of these, not ${shown}`)
    },
  })
}

/** A bcrypt hash. `$2y$` is the same algorithm under another program's name. */
export function bcryptHash(): Leaf<string> {
  return leaf({
    name: 'bcrypt hash',
    secret: true,
    json: { type: 'string', pattern: '^\\$2[aby]\\$' },
    parse: (value) =>
      typeof value === 'string' && /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/.test(value)
        ? value.replace(/^\$2y\$/, '$2b$')
        : new Refusal('must be a bcrypt hash of 60 characters that begins with $2b$; make one with "htpasswd -nBC 12 admin"'),
  })
}

/** A user name of HTTP Basic authentication. */
export function userName(): Leaf<string> {
  return ruled({
    name: 'text',
    what: 'a user name',
    refuse: (value) => (/[:\p{Cc}]/u.test(value) ? 'it holds no colon and no control characters (RFC 7617)' : undefined),
  })
}

/** Where something is served on the admin listener, beside its own pages. */
export function adminPath(): Leaf<string> {
  return ruled({
    name: 'path',
    what: 'a plain path such as /metrics, outside /_/',
    pattern: '^/',
    refuse: (value) => (/^(?:\/[A-Za-z0-9._~-]+)+$/.test(value) && value !== '/_' && !value.startsWith('/_/') ? undefined : ''),
  })
}

/** Where a probe is asked. */
export function probePath(): Leaf<string> {
  return ruled({
    name: 'path',
    what: 'a plain path such as /readyz',
    pattern: '^/',
    refuse: (value) => (/^(?:\/[A-Za-z0-9._~-]+)+$/.test(value) && !/\/\.{1,2}(?:\/|$)/.test(value) ? undefined : ''),
  })
}

/** Where to listen. */
export interface ListenAddress {
  readonly host: string
  readonly port?: number
}

/** `127.0.0.1:9090`, `[::1]:9090`, or a host alone. */
export function listenAddress(): Leaf<ListenAddress> {
  return leaf({
    name: 'host:port',
    json: { type: 'string', minLength: 1 },
    parse(value, shown) {
      const match = typeof value === 'string' ? /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(value) : null
      const bare = match === null ? (typeof value === 'string' && isIPv6(value) ? value : '') : (match[1] ?? match[2]!)
      const port = match?.[3] === undefined ? undefined : Number(match[3])
      if (isHost(bare) && (port === undefined || port <= 65_535)) return { host: bare, ...(port === undefined ? {} : { port }) }
      const hint = typeof value === 'string' && /^:\d+$/.test(value) ? `; write 0.0.0.0${value} for every address` : ''
      return new Refusal(`must be host and port such as 127.0.0.1:9090 or [::1]:9090, not ${shown}${hint}`)
    },
  })
}

/** A folder. */
export function folder(): Leaf<string> {
  return ruled({ name: 'folder', what: 'a folder', refuse: (value) => (value.includes('\u0000') ? '' : undefined) })
}
