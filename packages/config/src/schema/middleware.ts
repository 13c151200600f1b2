import { bytes, choice, duration, flag, whole } from './scalars.ts'
import { defaulted, list, optional, section } from './keys.ts'
import { fieldName, limitKeys, method, text } from './texts.ts'
import { named } from './named.ts'

const request_id = section({
  header: defaulted(fieldName(), 'x-request-id', { description: 'The field that carries the id, to the upstream and back to the client.' }),
  trust_inbound: optional(flag(), {
    description: 'Whether an id that comes with a request is kept; `false` always makes a new one.',
    otherwise: 'true, from `server.trusted_proxies` only',
  }),
})

const auth = section({
  providers: optional(list(text()), {
    description: 'The names of the `plugins` that are asked who a caller is, in this order.',
    otherwise: 'every one that can tell',
  }),
  required: defaulted(flag(), true, {
    description:
      'Refuse callers without a credential. `false` lets them pass as anonymous; a credential that does not count is refused even so.',
    risk: 'With `false`, routes that do not demand anything in `routes[].auth` are open.',
  }),
  skip_paths: defaulted(list(text()), [], {
    description: 'Paths that need no credential, in the syntax of `routes[].path`.',
    risk: 'What is skipped is open to everybody.',
  }),
  principal_header: defaulted(fieldName(), 'x-auth-principal', {
    description: 'The field that tells the upstream who the caller is. Always taken away from what clients send.',
  }),
  roles_header: defaulted(fieldName(), 'x-auth-roles', { description: 'The same for roles, separated by commas.' }),
  scopes_header: defaulted(fieldName(), 'x-auth-scopes', { description: 'The same for scopes, separated by spaces.' }),
})

const rate_limit = section({
  rate: defaulted(whole({ min: 1, max: 1_000_000_000 }), 100, { description: 'How many requests per `per` may go on for ever.' }),
  per: defaulted(duration(), '1s', { description: 'The time that `rate` counts in.' }),
  burst: optional(whole({ min: 1, max: 1_000_000_000 }), {
    description: 'How many may come at once after a pause.',
    otherwise: 'as `rate`',
  }),
  key: defaulted(limitKeys(), 'ip', {
    description:
      'Who is counted together: `ip`, `identity`, `route`, `header:<name>`, or a list of these, which then have to be equal all.',
    risk: 'A client that may choose the value, as with `header:`, has as many limits as values.',
  }),
  cost: defaulted(whole({ min: 1, max: 1_000_000 }), 1, { description: 'How much one request counts.' }),
  legacy_headers: defaulted(flag(), true, {
    description: 'Also send `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset`.',
  }),
})

const cors = section({
  allowed_origins: defaulted(list(text()), [], {
    description: 'Origins whose pages may read answers: exact, `https://*.example.com`, or `*`.',
    risk: 'With `*`, every page on the web may read what its visitor may read without a credential.',
  }),
  allowed_methods: optional(list(method()), { description: 'What a preflight allows.', otherwise: 'the methods of the route' }),
  allowed_headers: optional(list(fieldName()), { description: 'What a preflight allows.', otherwise: 'those that it asks for' }),
  exposed_headers: defaulted(list(fieldName()), [], { description: 'Fields of answers that pages may read beside the harmless ones.' }),
  max_age: defaulted(duration('0s'), '10m', { description: 'How long a browser keeps the answer to a preflight.' }),
  allow_credentials: defaulted(flag(), false, {
    description: 'Let pages send cookies and read the answers.',
    risk: 'The pages of every origin that is allowed act as their visitor.',
  }),
})

const compression = section({
  algorithms: optional(list(choice(['br', 'zstd', 'gzip'])), {
    description: 'Codings that may be used, the most wanted first.',
    otherwise: '`br`, `zstd` where the runtime has it, `gzip`',
  }),
  min_size: defaulted(bytes(), '1KiB', { description: 'Smaller answers stay as they are.' }),
  level: optional(whole({ min: 1, max: 22 }), {
    description: 'How hard to try: up to 9 for `gzip`, 11 for `br`, 22 for `zstd`.',
    otherwise: 'a level that is quick for each',
    risk: 'High levels cost many times the time for little.',
  }),
  types: optional(list(text()), {
    description: 'Media types that are compressed: `application/json`, `text/*`.',
    otherwise: 'text, JSON, JavaScript, XML, SVG, WebAssembly, YAML',
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
