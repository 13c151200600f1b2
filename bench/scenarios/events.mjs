export const scenario = {
  name: 'events',
  title: 'Server-sent events, 1,000 streams of 10 events/s',
  kind: 'throughput',
  front: 'http',
  backend: { kind: 'events' },
  request: { path: '/events' },
  // Every event is counted by the load itself; a stream has no end to wait for.
  expect: { bytes: 100, unchecked: true },
  load: { tool: 'events', connections: 1_000, perStream: 10, hold: 200 },
  subjects: ['octopus', 'nginx', 'haproxy', 'caddy'],
}
