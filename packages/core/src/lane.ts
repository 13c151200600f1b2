// The inside of a gateway, for packages that serve it (`@octopus-gateway/node`). Not for applications.
export { LANES, LaneHost } from './lane-host.ts'
export { Context } from './exchange/request-context.ts'
export type { Upload } from './exchange/request-context.ts'
export type { Answer } from './exchange/engine.ts'
export type { Call, Sending, UpstreamAnswer, Wire } from './exchange/wire.ts'
export type { Peer } from './exchange/client.ts'
export type { WebBody } from './web/bodies.ts'
export type { WebUpload } from './web/fetch-wire.ts'
