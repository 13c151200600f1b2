export const scenario = {
  name: 'workers',
  title: 'GET 200 B, one process and two, which share both cores with the load',
  kind: 'throughput',
  front: 'http',
  backend: { kind: 'http' },
  request: { path: '/' },
  expect: { bytes: 200 },
  load: { tool: 'wrk', connections: 64 },
  subjects: ['octopus', 'octopus-2-workers'],
}
