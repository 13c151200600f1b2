import { GRPC_HEADERS, MESSAGES, messageOf } from '../lib/grpc.mjs'

const message = messageOf('q')

export const scenario = {
  name: 'grpc-stream',
  title: 'gRPC over h2c, one message up, 100 down, 8 connections of 8 streams',
  kind: 'throughput',
  front: 'h2c',
  backend: { kind: 'grpc' },
  request: { method: 'POST', path: '/bench.Echo/Stream', headers: GRPC_HEADERS, body: message },
  expect: { bytes: MESSAGES * message.length, trailers: { 'grpc-status': '0' } },
  load: { tool: 'h2load', connections: 8, streams: 8, warmUp: 4_000 },
  subjects: ['octopus', 'nginx', 'haproxy', 'caddy'],
}
