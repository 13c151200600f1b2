import { bytes, choice, duration, flag, whole } from './scalars.ts'
import { defaulted, list, optional, section } from './keys.ts'
import { fieldName, limitKeys, method, skipPath, text } from './texts.ts'
import { named } from './named.ts'

const request_id = section({
  header: defaulted(fieldName(), 'x-request-id', { description: 'The field that carries the id, to the upstream and back to the client.' }),
  trust_inbound: optional(flag(), {
    description: 'Whether the id that comes with a request is kept: from everybody, or from nobody.',
    otherwise: 'from `server.trusted_proxies` only',
    risk: 'With `true`, clients choose the id that is in logs.',
  }),
})

const auth = section({
  providers: optional(list(text()), {
    description: 'The names of the `plugins` that are asked who a caller is, in this order.',
    otherwise: 'every one that can tell',
  }),
  required: defaulted(flag(), true, {
    description:
      'Refuse callers without a credential where the route says nothing about it. With `false` they pass as anonymous; a credential that does not count is refused all the same.',
    risk: 'With `false`, every route without demands of its own in `routes[].auth` is open.',
  }),
  skip_paths: defaulted(list(skipPath()), [], {
    description:
      'Paths at which nobody is asked, as they are sent: `/status`, or `/public/*` for everything below. Demands in `routes[].auth` hold all the same.',
    risk: 'What is skipped is open to everybody.',
  }),
  principal_header: defaulted(fieldName(), 'x-auth-principal', {
    description: 'The field that tells the upstream who the caller is. Taken away from what clients send.',
  }),
  roles_header: defaulted(fieldName(), 'x-auth-roles', { description: 'The same for roles, separated by commas.' }),
  scopes_header: defaulted(fieldName(), 'x-auth-scopes', { description: 'The same for scopes, separated by spaces.' }),
})

const count = (): ReturnType<typeof whole> => whole({ min: 1, max: 1_000_000_000 })

const rate_limit = section({
  rate: defaulted(count(), 100, { description: 'How much comes back in each `per`.' }),
  per: defaulted(duration(), '1s', { description: 'The time that `rate` counts in.' }),
  burst: optional(count(), { description: 'How much may be used at once after a pause.', otherwise: 'as `rate`' }),
  key: defaulted(limitKeys(), 'ip', {
    description:
      'What requests are counted by: `ip`, `identity` (needs `auth` before it), `route`, `header:<name>`, or a list of these, counted by all of it together.',
    risk: 'A field that clients choose freely gives them as many limits as they like.',
  }),
  cost: defaulted(count(), 1, { description: 'How much one request uses.' }),
  legacy_headers: defaulted(flag(), true, {
    description: 'Send `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` beside `RateLimit` and `RateLimit-Policy`.',
  }),
})

const cors = section({
  allowed_origins: defaulted(list(text()), [], {
    description: 'Whose pages may read answers: `https://shop.example`, `https://*.shop.example` (every name below it), or `*`.',
    risk: 'With `*`, every page on the web may read what anybody may read without a credential.',
  }),
  allowed_methods: optional(list(method()), {
    description: 'What a preflight allows.',
    otherwise: 'the methods of the route, or the one asked for',
  }),
  allowed_headers: optional(list(fieldName()), {
    description: 'Request fields that a preflight allows beside the safe ones.',
    otherwise: 'those asked for',
  }),
  exposed_headers: defaulted(list(fieldName()), [], { description: 'Fields of answers that pages may read beside the safe ones.' }),
  max_age: defaulted(duration('0s'), '10m', { description: 'How long a browser may keep the answer to a preflight.' }),
  allow_credentials: defaulted(flag(), false, {
    description: 'Whether requests with cookies and other credentials may be read. Not together with `*`.',
    risk: 'The pages of every allowed origin act as their visitors.',
  }),
})

const compression = section({
  algorithms: defaulted(list(choice(['br', 'zstd', 'gzip'])), ['br', 'zstd', 'gzip'], {
    description: 'The best first, where a client likes them equally. `zstd` is passed over where the runtime does not have it.',
  }),
  min_size: defaulted(bytes(), '1KiB', { description: 'An answer that is declared shorter stays as it is.' }),
  level: defaulted(whole({ min: 1, max: 9 }), 4, {
    description: 'From 1, fastest, to 9, smallest.',
    risk: 'High levels cost many times the time for little.',
  }),
  types: optional(list(text()), {
    description: 'Media types, with `*` for a type, a subtype or its beginning.',
    otherwise: 'text, JSON, JavaScript, XML, SVG, WebAssembly, YAML',
    risk: 'An answer that mixes secrets with what a client sends should not be compressed (BREACH).',
  }),
})

/** An item of `middleware`. */
export const middleware = named(
  { request_id, auth, rate_limit, cors, compression },
  {
    shared: 'middleware',
    what: 'a middleware',
    later: ['headers', 'secure_headers', 'timeout', 'body_limit', 'cache', 'ip_filter', 'scripting', 'hono'],
  },
)
