import { hostPattern, method, name, pathRulePattern, pathRuleReplacement, prefix, routePath, text, textMap } from './texts.ts'
import { defaulted, later, list, optional, required, section } from './keys.ts'
import { middleware } from './middleware.ts'
import { orFalse, orText } from './either.ts'
import { plugin } from './plugins.ts'
import { ownRetry } from './retry.ts'
import { ownTimeouts } from './routing.ts'
import { splitKey } from './split-key.ts'
import { bytes, percent, weight, whole } from './scalars.ts'

const match = section({
  headers: optional(textMap(), { description: 'Header fields and their exact values; `*` is any value.', otherwise: 'none' }),
  cookies: optional(textMap(), { description: 'Cookies and their exact values; `*` is any value.', otherwise: 'none' }),
})

const target = section({
  upstream: required(name(), { description: 'The name of one of `upstreams`.' }),
  weight: defaulted(weight(), 1, {
    description: 'Share of the requests relative to the other targets. 0 gets none but what its `match` takes.',
  }),
  match: optional(match, {
    description: 'Requests with all of this go here, whatever the weights; the first target in the list that matches counts.',
  }),
})

const auth = section({
  providers: optional(list(text()), {
    description: 'Only what these plugins say about a caller counts, by their names.',
    otherwise: 'every one that can tell',
  }),
  scopes: optional(list(text()), { description: 'The caller must have all of these scopes.', otherwise: 'none is needed' }),
  roles: optional(list(text()), { description: 'The caller must have at least one of these roles.', otherwise: 'none is needed' }),
})

const mirror = section({
  upstream: required(name(), { description: 'The name of one of `upstreams`.' }),
  percent: defaulted(percent(), 100, { description: 'The share of the requests that are copied, each decided anew.' }),
  max_body: defaulted(bytes(), '64KiB', { description: 'A request with a longer body is not copied.' }),
})

const rewrite = section({
  pattern: required(pathRulePattern(), {
    description:
      'A regular expression as in RE2, matched in linear time with the path as it was sent; paths that it does not fit stay as they are.',
  }),
  replacement: required(pathRuleReplacement(), {
    description:
      'What becomes of the part that fitted: `$1`, `${1}` and `${name}` are its groups, `$$` is a dollar sign. A path that is none, or has a dot segment, is answered with 400.',
  }),
})

export const route = section({
  path: required(routePath(), {
    description:
      'Matched per segment: `/users`, `/users/{id}` or `/users/:id`, `/files/{name}.json`, and `*` as the last segment for the rest, nothing included.',
  }),
  host: optional(hostPattern(), {
    description: '`api.example.com`, `*.example.com` (any deeper name) or `api.*` (the first label).',
    otherwise: 'any host',
  }),
  methods: optional(list(method()), { description: 'A route with GET also answers HEAD.', otherwise: 'every method' }),
  upstream: required(
    orText(list(target), (upstream) => ({ upstream, weight: 1, match: undefined })),
    { description: 'The name of one of `upstreams`, or several that share the requests.' },
  ),
  split_on: optional(splitKey(), {
    description: 'Clients that are the same in this stay at one of several upstreams, as long as its weight allows.',
    otherwise: 'each request anew',
  }),
  strip_prefix: optional(prefix(), {
    description:
      'Removed from the start of the path, on whole segments: `/api` turns `/api/users` into `/users` and leaves `/apiary` alone.',
  }),
  rewrite: optional(rewrite, { description: 'A new path by pattern, after `strip_prefix`.', otherwise: 'the path as it is' }),
  add_prefix: optional(prefix(), { description: 'Put in front of the path, after `strip_prefix` and `rewrite`.' }),
  priority: defaulted(whole({ min: 0, max: 100 }), 50, {
    description:
      'Higher wins, only between routes written by hand with the same host, method and path pattern. Routes of services never win over these.',
  }),
  ...ownTimeouts,
  ...ownRetry,
  middleware: defaulted(list(middleware), [], { description: 'More policies, after those of all routes, written as in `middleware`.' }),
  plugins: defaulted(list(plugin), [], {
    description: 'More plugins, after everything in `middleware` and `plugins`, written as in `plugins`.',
  }),
  auth: optional(orFalse(auth), {
    description:
      '`false` admits callers without a credential; a map demands one, and everything named in it. Needs `auth` in a `middleware`, or a plugin that can tell who a caller is.',
    otherwise: 'what `auth` is set to',
  }),
  tags: defaulted(list(text()), [], { description: 'Labels for people.' }),
  headers: later('Header fields to set or remove.'),
  match: later('Header fields and query parameters that decide.'),
  mirror: optional(mirror, {
    description:
      'A copy of plain HTTP requests for another upstream, with the field `x-octopus-mirrored: 1`. Clients are neither delayed nor told, and the answers are thrown away.',
    risk: 'The other upstream does what it is asked: it must not share the data of the first one.',
    otherwise: 'none',
  }),
})
