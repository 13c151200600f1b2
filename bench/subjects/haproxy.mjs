import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, start, SUBJECT_CORE, versionOf } from '../lib/processes.mjs'

const BIND = {
  http: () => '',
  https: ({ both }) => ` ssl crt ${both} alpn http/1.1`,
  h2: ({ both }) => ` ssl crt ${both} alpn h2`,
  h2c: () => ' proto h2',
}

/** HAProxy with one thread and kept connections to its backend, without a log. */
export const haproxy = {
  name: 'haproxy',
  title: 'HAProxy',
  peer: true,
  version: () => versionOf('haproxy', ['-v']),
  carries: ['http', 'https', 'h2', 'h2c'],
  async start({ folder, front, backend, certificate }) {
    const port = await freePort()
    const file = join(folder, 'haproxy.cfg')
    writeFileSync(
      file,
      `global
  maxconn 8000
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 75s
  timeout server 75s
  timeout tunnel 1h
  http-reuse always
frontend front
  bind 127.0.0.1:${port} backlog 4096${BIND[front](certificate)}
  option forwardfor
  default_backend back
backend back
  server backend ${new URL(backend.origins[0]).host}${backend.protocol === 'h2c' ? ' proto h2' : ''}
`,
    )
    const process = await start('haproxy', ['-db', '-f', file], { name: 'haproxy', core: SUBJECT_CORE, ports: [port], folder })
    return { ...process, port }
  },
}
