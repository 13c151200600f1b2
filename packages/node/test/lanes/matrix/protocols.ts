import { service } from '../../support/upstreams.ts'
import type { GatewayOptions } from '@octopus-gateway/core'
import type { LaneName, Running } from '../support/describe-lanes.ts'

type Fields = readonly (readonly [string, string])[]

/** A service that speaks a protocol. */
export interface Speaking {
  /** Requests that have reached it. */
  readonly count: number
  /** The fields of the last one, by lower-case name. */
  header(name: string): string | undefined
}

/** What the caller was told. */
export interface Told {
  /** The HTTP status, or the one that the protocol's own status stands for. */
  readonly status: number
  /** The start of what the service says; empty when it was not asked. */
  readonly text: string
  header(name: string): string | undefined
}

/** A protocol of the matrix: adding one is one entry in `PROTOCOLS`. */
export interface Spoken {
  readonly name: string
  /** The lanes that carry it; on the others a caller must be refused, whatever policies there are. */
  readonly lanes: 'all' | readonly LaneName[]
  /** Whether a body of it may be coded by `compression`. */
  readonly isCompressed: boolean
  /** A service that ends with the test, and a gateway's options to reach it. */
  start(): Promise<{ up: Speaking; options: Pick<GatewayOptions, 'upstreams' | 'routes'> }>
  /** One request with these fields. It goes to `/`. */
  ask(running: Running, fields: Fields): Promise<Told>
}

/** Fields that an upstream sets and a policy must deal with: two origins at once would be no origin. */
const MISLEADING = { 'access-control-allow-origin': '*', 'x-request-id': "the upstream's", vary: 'accept' }

async function httpService(contentType: string, body: string): ReturnType<Spoken['start']> {
  const fields = { 'content-type': contentType, 'content-length': body.length, ...MISLEADING }
  const up = await service((_request, response) => void response.writeHead(200, fields).end(body))
  return {
    up: {
      get count() {
        return up.count
      },
      header: (name) => up.requests.at(-1)?.header(name),
    },
    options: { upstreams: { up: [up.origin] }, routes: [{ path: '/*', upstream: 'up' }] },
  }
}

async function get(running: Running, fields: Fields): Promise<Told> {
  // gRPC is POST and nothing else: with another method it would be refused before any policy is asked.
  const isCall = fields.some(([name, value]) => name === 'content-type' && value === 'application/grpc')
  const method = isCall ? 'POST' : 'GET'
  const { status, header, body } = await running.sendAlone({ method, headers: fields }, 'a matrix compares nothing')
  const grpcStatus = header('grpc-status')
  return { status: grpcStatus === undefined ? status : meaningOf(grpcStatus), text: body.toString('latin1'), header }
}

/** HTTP statuses for what the gateway says in gRPC. */
const MEANINGS = new Map([
  ['0', 200],
  ['4', 504],
  ['7', 403],
  ['8', 429],
  ['12', 501],
  ['14', 503],
  ['16', 401],
])

export function meaningOf(grpcStatus: string): number {
  return MEANINGS.get(grpcStatus) ?? 500
}

export const PROTOCOLS: readonly Spoken[] = [
  {
    name: 'HTTP',
    lanes: 'all',
    isCompressed: true,
    start: () => httpService('application/json', `{"text":"${'text '.repeat(1000)}"}`),
    ask: get,
  },
  {
    name: 'SSE',
    lanes: 'all',
    isCompressed: false,
    start: () => httpService('text/event-stream', 'data: text\n\n'.repeat(200)),
    ask: (running, fields) => get(running, [['accept', 'text/event-stream'], ...fields]),
  },
]
