import { isHost, ruled } from './texts.ts'
import { leaf, Refusal, type Leaf } from './leaf.ts'

/** `consul.internal:8500`, `[::1]:8500`, or a host alone. */
export function hostPort(): Leaf<string> {
  return ruled({
    name: 'host:port',
    what: 'host and port such as registry.internal:8500',
    refuse: (value) => {
      const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(value)
      const port = Number(match?.[3] ?? 1)
      if (match !== null && isHost(match[1] ?? match[2]!) && port >= 1 && port <= 65_535) return undefined
      return value.includes('/') ? 'leave out scheme and path' : ''
    },
  })
}

/** What an address may be, beside `http` or `https` without a user name or a password. */
export interface UrlRules {
  readonly example: string
  /** Whether user name and password are keys of their own, to be named to whoever writes them here. */
  readonly hasCredentials: boolean
  /** What is taken of an address, or why it is refused. */
  take(url: URL, text: string): string | Refusal
}

/** The address of something that is asked over HTTP. Never shown: people write passwords into such addresses. */
export function httpUrl({ example, hasCredentials, take }: UrlRules): Leaf<string> {
  const elsewhere = hasCredentials ? '; username and password have keys of their own' : ''
  return leaf({
    name: 'URL',
    secret: true,
    json: { type: 'string', pattern: '^https?://' },
    parse(value) {
      if (typeof value !== 'string' || !/^https?:\/\//i.test(value) || !URL.canParse(value))
        return new Refusal(`must be an address such as ${example}`)
      const url = new URL(value)
      if (url.username !== '' || url.password !== '') return new Refusal(`must not hold a user name or a password${elsewhere}`)
      return take(url, value)
    },
  })
}

/** A password or a token. Never shown. */
export function secret(what: string): Leaf<string> {
  return leaf({
    name: 'text',
    text: true,
    secret: true,
    json: { type: 'string', minLength: 1 },
    parse(value) {
      if (typeof value !== 'string' || value === '') return new Refusal(`must be ${what}`)
      return /\p{Cc}|^\s|\s$/u.test(value) ? new Refusal(`must be ${what}; blanks around it and control characters are none of it`) : value
    },
  })
}
