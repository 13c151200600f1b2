import type * as v from 'valibot'
import { admin, observability } from './admin.ts'
import { defaulted, later, laterItems, list, optional, section } from './keys.ts'
import { discovery } from './discovery.ts'
import { farp } from './farp.ts'
import { route } from './routes.ts'
import { routing } from './routing.ts'
import { server, tls } from './server.ts'
import { upstream } from './upstreams.ts'

/** The whole dialect. Types, validation, JSON Schema and the reference are all made from it. */
export const configSchema = section({
  server: defaulted(server, {}, { description: 'The traffic listener.' }),
  tls: optional(tls, { description: 'TLS on the traffic listener.' }),
  discovery: optional(discovery, { description: 'How services are found.', otherwise: 'only `upstreams` are known' }),
  farp: optional(farp, {
    description: 'Routes from services that publish FARP. Needs `discovery`.',
    otherwise: 'on with its defaults, when there is a `discovery`',
  }),
  routing: defaulted(routing, {}, { description: 'Defaults for every upstream and route.' }),
  upstreams: defaulted(list(upstream), [], { description: 'Named groups of instances. Files are merged by `name`.' }),
  routes: defaulted(list(route), [], {
    description: 'Routes written by hand; they win over routes of services. Files are merged by host, path and methods.',
  }),
  middleware: laterItems('Policies for every route, in this order.'),
  plugins: laterItems('Plugins, with their configuration.'),
  admin: defaulted(admin, {}, { description: 'The admin listener.' }),
  observability: defaulted(observability, {}, { description: 'Metrics and log.' }),
  graphql: later('GraphQL federation.'),
  grpc: later('gRPC services.'),
  experimental: later('Experiments.'),
})

/** A valid configuration: durations in milliseconds, sizes in bytes, defaults filled in. */
export type Config = v.InferOutput<typeof configSchema>
