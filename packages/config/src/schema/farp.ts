import { choice, duration, flag } from './scalars.ts'
import { defaulted, later, list, optional, section } from './keys.ts'
import { host, hostRule, name, text } from './texts.ts'

export const farp = section({
  enabled: defaulted(flag(), true, { description: 'Make routes from the manifests and schemas of discovered services.' }),
  watch_interval: defaulted(duration('10ms'), '5s', {
    description: 'How often each manifest is asked for changes.',
    risk: 'A short interval costs every service requests.',
  }),
  schema_cache_ttl: defaulted(duration(), '5m', {
    description:
      'How long a schema that cannot be fetched again counts as fresh. After that it is still used, and the service is reported with `SCHEMA_STALE`.',
  }),
  default_strategy: defaulted(choice(['service', 'root', 'instance', 'versioned']), 'service', {
    description: 'How a service is mounted when its manifest does not say.',
  }),
  domain: optional(host(), {
    description: 'The domain of services that are mounted by subdomain.',
    otherwise: 'the first label of the host decides',
  }),
  root_mounts: defaulted(list(name()), [], {
    description: 'Services that may mount at `/`. Services written in `discovery.static` always may.',
    risk: 'A service at the root answers every path that nobody else has.',
  }),
  allowed_hosts: defaulted(list(hostRule()), [], {
    description: 'Further hosts that manifests may point to: `host`, `host:port` or `*.suffix`.',
    risk: 'The gateway sends requests there for any service that says so.',
  }),
  probe: optional(flag(), {
    description: 'Ask services whose records say nothing about FARP for a manifest.',
    otherwise: 'true for static services, false for registries',
  }),
  hash_verification: optional(choice(['warn', 'enforce', 'off']), {
    description:
      'What happens when a schema does not have the hash that its manifest gives: `warn` reports and uses it, `enforce` keeps the last good one.',
    otherwise: '`enforce` for schemas in the store of a registry, `warn` for the rest',
  }),
  include_introspection: defaulted(flag(), false, {
    description: 'Also route the paths by which a service describes itself, such as `/openapi.json` and `/docs`.',
    risk: 'They tell the public how a service is built.',
  }),
  route_linger: defaulted(duration('0s'), '30s', {
    description: 'How long the routes of a service stay after its last instance left; they answer 503 meanwhile.',
  }),
  push: optional(
    section({
      enabled: later('Accept registrations on the admin listener.'),
      tokens: later('Who may register.'),
      allow_from: later('Addresses that may register.'),
    }),
    { description: 'Services that register themselves.' },
  ),
  update_policy: defaulted(choice(['auto', 'warn', 'gated']), 'auto', {
    description:
      "What a change of a service's contract means: `auto` serves it and reports it, `warn` reports it as a warning, `gated` holds what breaks the approved " +
      'contract, or may break it, until somebody approves it. See [Contracts](contracts.md).',
  }),
  trust_hints: defaulted(list(choice(['timeout', 'retry', 'circuit_breaker', 'load_balancing', 'health_check'])), [], {
    description: 'Kinds of hints in manifests and schemas that are followed. All hints are shown to plugins in the `meta` of routes.',
    risk: 'A service decides then: `retry` may have its POSTs repeated, `load_balancing` may set cookies.',
  }),
  collapse_service_tags: defaulted(flag(), false, {
    description:
      "In merged documents, give every operation its service's name as the only tag. Metadata `farp.collapse_service_tags` does it for one service.",
  }),
  info: defaulted(
    section({
      title: defaulted(text(), 'Federated API', { description: 'Title of merged documents.' }),
      version: defaulted(text(), '1.0.0', { description: 'Version of merged documents.' }),
      description: defaulted(text(), 'Merged API specification from multiple services', {
        description: 'Description of merged documents.',
      }),
    }),
    {},
    { description: 'The head of merged documents.' },
  ),
  merge: defaulted(
    section({
      conflict_strategy: defaulted(choice(['prefix', 'skip', 'overwrite', 'merge', 'error']), 'prefix', {
        description:
          "What a merged document does with a name or path that an earlier service has, unless the later service's schema says: show both (`prefix`, `merge`), only the earlier (`skip`), only the later (`overwrite`), or leave the later service out (`error`).",
        risk: 'With `overwrite` a service can hide what another one documents.',
      }),
      security_strategy: defaulted(choice(['union', 'intersection', 'per_service', 'most_strict']), 'union', {
        description:
          'Which security schemes a merged document has: all of them (`union`), those that every service has (`intersection`), all under the name of their service (`per_service`), or of equal names the strictest type (`most_strict`).',
      }),
    }),
    {},
    { description: 'How the documents of services become one.' },
  ),
})
