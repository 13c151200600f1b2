import type * as v from 'valibot'
import { admin, observability } from './admin.ts'
import { defaulted, later, list, optional, section } from './keys.ts'
import { discovery } from './discovery.ts'
import { farp } from './farp.ts'
import { middleware } from './middleware.ts'
import { plugin } from './plugins.ts'
import { route } from './routes.ts'
import { routing } from './routing.ts'
import { server } from './server.ts'
import { store } from './store.ts'
import { tls } from './tls.ts'
import { upstream } from './upstreams.ts'

/** The whole dialect. Types, validation, JSON Schema and the reference are all made from it. */
export const configSchema = section({
  server: defaulted(server, {}, { description: 'The traffic listener.' }),
  tls: optional(tls, { description: 'A second traffic listener, with TLS.' }),
  discovery: optional(discovery, { description: 'How services are found.', otherwise: 'only `upstreams` are known' }),
  farp: optional(farp, {
    description: 'Routes from services that publish FARP. Needs `discovery`, or `farp.push`.',
    otherwise: 'on with its defaults, when there is a `discovery`',
  }),
  routing: defaulted(routing, {}, { description: 'Defaults for every upstream and route.' }),
  middleware: defaulted(list(middleware), [], {
    description: 'Policies for every route, in this order: a name, or a map with `name` and options.',
  }),
  plugins: defaulted(list(plugin), [], {
    description:
      'Plugins for every route, after `middleware`, in this order. Files are merged by `name`. Where `auth` stands in a `middleware`, those that can tell who a caller is are asked by it.',
  }),
  upstreams: defaulted(list(upstream), [], { description: 'Named groups of instances. Files are merged by `name`.' }),
  routes: defaulted(list(route), [], {
    description: 'Routes written by hand; they win over routes of services. Files are merged by host, path and methods.',
  }),
  admin: defaulted(admin, {}, { description: 'The admin listener.' }),
  observability: defaulted(observability, {}, { description: 'Metrics and log.' }),
  store: defaulted(store, {}, { description: 'What outlives the process, and what gateways share: registrations, approvals.' }),
  graphql: later('GraphQL federation.'),
  grpc: later('gRPC services.'),
  experimental: later('Experiments.'),
})

/** A valid configuration: durations in milliseconds, sizes in bytes, defaults filled in. */
export type Config = v.InferOutput<typeof configSchema>
