import { bytes, choice, duration, flag, percent } from './scalars.ts'
import { defaulted, list, optional, section } from './keys.ts'
import { host, hostRule, name, secretMap, text, textMap } from './texts.ts'
import { leaf, Refusal, type Leaf } from './leaf.ts'
import { push } from './push.ts'
import { splitKey } from './split-key.ts'

/** A colour for each of some services. */
function colourMap(): Leaf<Readonly<Record<string, 'blue' | 'green'>>> {
  return leaf({
    name: 'map of `blue` or `green`',
    json: { type: 'object', additionalProperties: { enum: ['blue', 'green'] } },
    parse(value, shown) {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        return new Refusal(`must be a map of services and colours, not ${shown}`)
      const entries = Object.entries(value as Record<string, unknown>)
      const wrong = entries.find(([, colour]) => colour !== 'blue' && colour !== 'green')
      if (wrong !== undefined)
        return new Refusal(`must be a map of services and colours, and that of ${JSON.stringify(wrong[0])} is neither blue nor green`)
      return Object.fromEntries(entries) as Record<string, 'blue' | 'green'>
    },
  })
}

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
  reserved_subdomains: defaulted(list(name()), ['www', 'admin', 'api'], {
    description:
      'First labels of hosts that no service gets by the `subdomain` mount: those under which the gateway and your own sites are known.',
  }),
  allowed_hosts: defaulted(list(hostRule()), [], {
    description: 'Further hosts that manifests may point to: `host`, `host:port` or `*.suffix`.',
    risk: 'The gateway sends requests there for any service that says so.',
  }),
  probe: optional(flag(), {
    description: 'Ask services whose records say nothing about FARP for a manifest.',
    otherwise: 'true for services of `static`, `file`, `dns` and `seeds`, false for registries',
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
  auth: optional(
    section({
      enforce: defaulted(choice(['auto', 'always', 'never']), 'auto', {
        description:
          'Whether what manifests demand of callers is enforced: `auto` where an auth policy runs on all routes, `always` also where nobody could satisfy it (503), `never` leaves it to the services.',
        risk: 'With `auto` and no auth policy callers pass, and the service alone checks them; it is reported with `AUTH_NOT_ENFORCED`.',
      }),
      providers: optional(textMap(), {
        description:
          'The auth provider that stands for a kind of scheme in manifests, such as `bearer: jwt-auth`. Schemes that are not here do not count.',
        otherwise: 'every provider stands for every scheme',
      }),
      allow_relaxation: defaulted(flag(), false, {
        description: 'Let an update of a service take back what it demanded before.',
        risk: 'A faulty or hostile release can open routes that were closed.',
      }),
      default: defaulted(choice(['inherit', 'required']), 'inherit', {
        description: 'What holds for services that demand nothing: the policies of the gateway alone, or a caller who is known.',
      }),
    }),
    { description: 'What the demands of services on their callers mean here.' },
  ),
  webhooks: optional(
    section({
      receive: defaulted(flag(), false, { description: 'Take signed messages of services at `/_farp/webhook` on the admin listener.' }),
      send: defaulted(flag(), false, {
        description: 'Tell services that subscribe to them of events of the gateway.',
        risk: 'Manifests decide where these requests go, within `allowed_hosts`.',
      }),
      poll: defaulted(flag(), false, { description: 'Ask services for their events where they offer it and send none.' }),
      secrets: optional(secretMap(), {
        description:
          'The secret that signs messages from and to a service, by its name in the registry. It replaces the one in the manifest.',
        otherwise: 'the secret in the manifest',
      }),
      manifest_secrets: defaulted(flag(), true, {
        description: 'Let the secret in a manifest count for services without one in `secrets`.',
        risk: 'Everyone who can read the manifest can sign messages of that service.',
      }),
      tokens: optional(secretMap(), {
        description:
          'A token of a service, by its name in the registry: the gateway shows it where the service asks for one, and the service when it asks the gateway.',
        otherwise: 'routes that need a token are not called, and questions of services are not answered',
      }),
    }),
    { description: 'Messages between services and the gateway.' },
  ),
  include_tags: defaulted(list(text()), [], {
    description:
      'Only routes with one of these tags are taken over: those of the service (`routing.tags`) and of the operation count. Empty takes all.',
  }),
  exclude_tags: defaulted(list(text()), [], {
    description: 'Routes with one of these tags are left out, whatever `include_tags` says.',
  }),
  major_alias: defaulted(flag(), false, {
    description: 'The newest version of each major one that is mounted as `versioned` also answers at `/<service>/v1`.',
  }),
  instance_labels: optional(textMap(), {
    description: 'Only instances whose manifest has all of these labels (`instance.labels`) get requests.',
    otherwise: 'all get them',
  }),
  region: optional(text('region'), {
    description: 'Where the gateway is: instances of another `instance.region` get requests as far as those of this one are out.',
    otherwise: 'regions do not matter',
  }),
  split_on: optional(splitKey(), {
    description: 'Clients that are the same in this stay at a canary or at the others, and at one colour.',
    otherwise: 'each request anew',
  }),
  colours: optional(colourMap(), {
    description: 'The colour that serves, by service, whatever manifests say: the switch of a blue/green deployment.',
    otherwise: 'manifests decide',
  }),
  shadow: optional(
    section({
      enabled: defaulted(flag(), false, {
        description: 'Send copies of GET, HEAD and OPTIONS requests to instances of the role `shadow`, with `X-FARP-Shadow: true`.',
        risk: 'Credentials go along.',
      }),
      sample: defaulted(percent(), 100, { description: 'The share of the requests that are copied, each decided anew.' }),
      max_body: defaulted(bytes(), '64KiB', { description: 'A request with a longer body is not copied.' }),
    }),
    { description: 'Copies of requests for instances that only watch.', otherwise: 'none' },
  ),
  push: optional(push, { description: 'Services that register themselves, at `/_farp/v1` on the admin listener.', otherwise: 'none may' }),
  update_policy: defaulted(choice(['auto', 'warn', 'gated']), 'auto', {
    description:
      "What a change of a service's contract means: `auto` serves it and reports it, `warn` reports it as a warning, `gated` holds what breaks the approved " +
      'contract, or may break it, until somebody approves it. See [Contracts](contracts.md).',
  }),
  trust_hints: defaulted(
    list(choice(['timeout', 'retry', 'circuit_breaker', 'load_balancing', 'health_check', 'rate_limit', 'cors'])),
    [],
    {
      description: 'Kinds of hints in manifests and schemas that are followed. All hints are shown to plugins in the `meta` of routes.',
      risk: 'A service decides then: `retry` may have its POSTs repeated, `load_balancing` may set cookies, `cors` may let scripts of other sites in.',
    },
  ),
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
