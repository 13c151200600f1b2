import { GRPC_HEADERS, messageOf } from '../lib/grpc.mjs'

const message = messageOf('q')

export const scenario = {
  name: 'grpc-unary',
  title: 'gRPC over h2c, one message each way, 8 connections of 8 streams',
  kind: 'throughput',
  front: 'h2c',
  backend: { kind: 'grpc' },
  request: { method: 'POST', path: '/bench.Echo/Unary', headers: GRPC_HEADERS, body: message },
  expect: { bytes: message.length, trailers: { 'grpc-status': '0' } },
  load: { tool: 'h2load', connections: 8, streams: 8 },
  subjects: ['octopus', 'nginx', 'haproxy', 'caddy'],
}
