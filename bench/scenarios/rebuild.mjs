export const scenario = {
  name: 'rebuild',
  title: 'Latency at 500 requests/s while a table of 20,000 routes is rebuilt',
  kind: 'rebuild',
  front: 'http',
  backend: { kind: 'http' },
  request: { path: '/' },
  expect: { bytes: 200 },
  load: { rate: 500, connections: 10, rounds: 5 },
  subjects: ['octopus-rebuild'],
}
