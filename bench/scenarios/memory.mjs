export const scenario = {
  name: 'memory',
  title: 'Resident memory at start, after load, and with 10,000 idle connections',
  kind: 'memory',
  front: 'http',
  backend: { kind: 'http' },
  request: { path: '/' },
  expect: { bytes: 200 },
  load: { tool: 'wrk', connections: 64, idle: { connections: 10_000, seconds: 2 } },
  subjects: ['octopus'],
}
