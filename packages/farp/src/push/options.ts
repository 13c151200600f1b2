import * as v from 'valibot'
import { isIP } from 'node:net'
import { certificateName, toMilliseconds } from '@octopus-gateway/core'
import { duration } from '../duration-option.ts'
import type { Duration } from '@octopus-gateway/core'

/** A token, and what it is good for. */
export interface PushToken {
  readonly token: string
  /** The services it may register, heartbeat and deregister: it is their authority, also over instances that others registered. Default: all, its own instances. */
  readonly services?: readonly string[]
}

/** Client certificates, and what they are good for. */
export interface PushCertificate {
  /** A whole alternative name (`DNS:users.internal`, `URI:spiffe://shop/users`, `email:…`, `IP:…`), or the SHA-256 fingerprint of one certificate. */
  readonly name: string
  /** As those of a token. Default: all, its own instances. */
  readonly services?: readonly string[]
}

/** Registration by push, `/_farp/v1/*` on the admin listener. */
export interface PushOptions {
  /** Default false. */
  readonly enabled?: boolean
  /** Who shows one of these (`Authorization: Bearer …`) may register. At least 16 characters each. Without any kind of credential only callers of this machine may. */
  readonly tokens?: readonly (string | PushToken)[]
  /**
   * Which client certificates, of those that the admin listener has verified, are credentials as well: none, all of them, or those that have one of
   * these names. Of several entries that fit, the first counts. Default false.
   */
  readonly clientCertificates?: boolean | readonly (string | PushCertificate)[]
  /** Addresses (CIDR) that may call at all. Without tokens and certificates they need nothing more. Default: with tokens or certificates all. */
  readonly allowFrom?: readonly string[]
  /** How long an instance that sends heartbeats may be silent until it is out. Default 30s. */
  readonly heartbeatTimeout?: Duration
  /**
   * After how many looks in a row that found nobody an instance that never sent a heartbeat is forgotten; it gets no requests long before. Default 12.
   * Such a service does not register again by itself: too few, and a short outage loses it.
   */
  readonly missedProbes?: number
  /** Further places of the same endpoints beside `/_farp/v1` and `/__/farp`, such as `/farp`. Default none. */
  readonly aliases?: readonly string[]
}

/** A token shorter than this can be guessed. */
const SHORTEST_TOKEN = 16

const token = v.pipe(
  v.string(),
  v.minLength(SHORTEST_TOKEN, `a token has at least ${SHORTEST_TOKEN} characters`),
  v.maxLength(512, 'a token has at most 512 characters'),
  // RFC 6750, section 2.1.
  v.regex(/^[A-Za-z0-9._~+/-]+=*$/, 'a token consists of letters, digits and . _ ~ + / - only, as RFC 6750 says'),
)

const certificate = v.pipe(
  v.string(),
  v.check(
    (text) => certificateName(text) !== undefined,
    'write a whole name such as DNS:users.internal or URI:spiffe://shop/users, or a SHA-256 fingerprint',
  ),
)

const services = v.optional(v.pipe(v.array(v.string()), v.minLength(1)))

const cidr = v.pipe(v.string(), v.check(isRange, 'write an address or a range such as 10.0.0.0/8 or fd00::/8'))

const alias = v.pipe(
  v.string(),
  v.regex(/^(?:\/[A-Za-z0-9._~-]+)+$/, 'write a path such as /farp'),
  v.check((path) => !/^\/_(?:\/|$)/.test(path), 'paths under /_/ belong to the admin API'),
)

/** The options as a valibot schema. */
export const pushOptions = v.strictObject({
  enabled: v.optional(v.boolean(), false),
  tokens: v.optional(v.array(v.union([token, v.strictObject({ token, services })])), []),
  clientCertificates: v.optional(
    v.union([v.boolean(), v.pipe(v.array(v.union([certificate, v.strictObject({ name: certificate, services })])), v.minLength(1))]),
    false,
  ),
  allowFrom: v.optional(v.array(cidr), []),
  heartbeatTimeout: v.optional(
    v.pipe(
      duration,
      v.check((value) => toMilliseconds(value) >= 10, 'the shortest time is 10ms'),
    ),
    '30s',
  ),
  missedProbes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 12),
  aliases: v.optional(v.array(alias), []),
})

/** Options with every default filled in; times in milliseconds. */
export interface PushSettings {
  readonly enabled: boolean
  readonly tokens: readonly { readonly token: string; readonly services: ReadonlySet<string> | undefined }[]
  /** By the names as they are compared. */
  readonly clientCertificates: boolean | readonly { readonly name: string; readonly services: ReadonlySet<string> | undefined }[]
  readonly allowFrom: readonly string[]
  readonly heartbeatTimeout: number
  readonly missedProbes: number
  /** Every place of the endpoints. */
  readonly paths: readonly string[]
}

/** Fills in what checked options leave open. */
export function pushSettingsOf(options: v.InferOutput<typeof pushOptions>): PushSettings {
  const { tokens, clientCertificates, aliases, heartbeatTimeout, ...plain } = options
  return {
    ...plain,
    tokens: tokens.map((item) => {
      if (typeof item === 'string') return { token: item, services: undefined }
      return { token: item.token, services: setOf(item.services) }
    }),
    clientCertificates:
      typeof clientCertificates === 'boolean'
        ? clientCertificates
        : clientCertificates.map((item) => {
            const { name, services: named } = typeof item === 'string' ? { name: item, services: undefined } : item
            return { name: certificateName(name)!, services: setOf(named) }
          }),
    heartbeatTimeout: toMilliseconds(heartbeatTimeout),
    paths: [...new Set(['/_farp/v1', '/__/farp', ...aliases])],
  }
}

function setOf(names: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return names === undefined ? undefined : new Set(names)
}

function isRange(text: string): boolean {
  const [address = '', bits, extra] = text.split('/')
  const family = isIP(address)
  if (family === 0 || extra !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
