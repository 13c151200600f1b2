import * as v from 'valibot'
import { isIP } from 'node:net'
import { toMilliseconds } from '@octopus-gateway/core'
import { duration } from '../duration-option.ts'
import type { Duration } from '@octopus-gateway/core'

/** A token, and what it is good for. */
export interface PushToken {
  readonly token: string
  /** The services it may register, heartbeat and deregister: it is their authority, also over instances that others registered. Default: all, its own instances. */
  readonly services?: readonly string[]
}

/** Registration by push, `/_farp/v1/*` on the admin listener. */
export interface PushOptions {
  /** Default false. */
  readonly enabled?: boolean
  /** Who shows one of these (`Authorization: Bearer …`) may register. At least 16 characters each. Without any kind of credential only callers of this machine may. */
  readonly tokens?: readonly (string | PushToken)[]
  /** Whether a client certificate that the admin listener has verified is a credential as well. Default false. */
  readonly clientCertificates?: boolean
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

const cidr = v.pipe(v.string(), v.check(isRange, 'write an address or a range such as 10.0.0.0/8 or fd00::/8'))

const alias = v.pipe(
  v.string(),
  v.regex(/^(?:\/[A-Za-z0-9._~-]+)+$/, 'write a path such as /farp'),
  v.check((path) => !/^\/_(?:\/|$)/.test(path), 'paths under /_/ belong to the admin API'),
)

/** The options as a valibot schema. */
export const pushOptions = v.strictObject({
  enabled: v.optional(v.boolean(), false),
  tokens: v.optional(
    v.array(v.union([token, v.strictObject({ token, services: v.optional(v.pipe(v.array(v.string()), v.minLength(1))) })])),
    [],
  ),
  clientCertificates: v.optional(v.boolean(), false),
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
  readonly clientCertificates: boolean
  readonly allowFrom: readonly string[]
  readonly heartbeatTimeout: number
  readonly missedProbes: number
  /** Every place of the endpoints. */
  readonly paths: readonly string[]
}

/** Fills in what checked options leave open. */
export function pushSettingsOf({ tokens, aliases, heartbeatTimeout, ...plain }: v.InferOutput<typeof pushOptions>): PushSettings {
  return {
    ...plain,
    tokens: tokens.map((item) => {
      if (typeof item === 'string') return { token: item, services: undefined }
      return { token: item.token, services: item.services === undefined ? undefined : new Set(item.services) }
    }),
    heartbeatTimeout: toMilliseconds(heartbeatTimeout),
    paths: [...new Set(['/_farp/v1', '/__/farp', ...aliases])],
  }
}

function isRange(text: string): boolean {
  const [address = '', bits, extra] = text.split('/')
  const family = isIP(address)
  if (family === 0 || extra !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
