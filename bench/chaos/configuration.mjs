/** Keys that make the promise possible, each with the reason it is written. One that this gateway refuses is left out and named. */
export const FEATURES = {
  workers: { server: ['workers: 2'] },
  health: {
    upstream: [
      'health_check: { type: http, path: /http1/health, interval: 500ms, timeout: 400ms, healthy_threshold: 1, unhealthy_threshold: 1 }',
    ],
  },
  breaker: { routing: ['circuit_breaker: { failure_threshold: 5, timeout: 1s }'] },
  // Three of four instances may be unwell at once: more than a fifth of the requests need a second attempt.
  retry: { routing: ['retry: { budget: 100%, per_try_timeout: 1s, backoff: 10ms, max_backoff: 100ms }'] },
}

/** The YAML of a run. `variant` makes two that differ in routes and in a key of an upstream; `broken` is one that must change nothing. */
export function configurationOf({ port, admin, instances, features, variant = 0, broken = false }) {
  const from = (part) => features.flatMap((name) => FEATURES[name][part] ?? [])
  const list = (side) => instances.map(({ ports }, i) => `      - { id: i${i}, address: 127.0.0.1, port: ${ports[side]} }`)
  return [
    'server:',
    '  host: 127.0.0.1',
    `  http_port: ${port}`,
    `  admin_port: ${admin}`,
    ...from('server').map((line) => `  ${line}`),
    'farp: { enabled: false }',
    'routing:',
    '  timeout: 20s',
    '  connect_timeout: 500ms',
    '  idle_timeout: 3s',
    '  retries: 6',
    ...from('routing').map((line) => `  ${line}`),
    'observability: { logging: { level: info, format: json } }',
    'upstreams:',
    '  - name: first',
    '    protocol: http1',
    ...from('upstream').map((line) => `    ${line}`),
    '    instances:',
    ...list(0),
    '  - name: second',
    '    protocol: h2c',
    ...from('upstream').map((line) => `    ${line}`),
    '    instances:',
    ...list(1),
    'routes:',
    '  - { path: /http1/*, upstream: first }',
    '  - { path: /http2/*, upstream: second }',
    `  - { path: /variant-${variant}/*, upstream: ${variant === 0 ? 'first' : 'second'} }`,
    ...(broken ? ['  - { path: /http1/*, upstream: nobody }', 'nonsense: true'] : []),
    '',
  ].join('\n')
}
