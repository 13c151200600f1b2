import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, start, SUBJECT_CORE, versionOf } from '../lib/processes.mjs'

const LISTEN = { http: '', https: ' ssl', h2: ' ssl http2', h2c: ' http2' }

/** nginx as a proxy with kept connections to its backend, without a log. */
export const nginx = {
  name: 'nginx',
  title: 'nginx',
  peer: true,
  version: () => versionOf('nginx', ['-v']),
  carries: ['http', 'https', 'h2', 'h2c'],
  async start({ folder, front, backend, certificate, what }) {
    const port = await freePort()
    const tls = front === 'https' || front === 'h2' ? `ssl_certificate ${certificate.cert}; ssl_certificate_key ${certificate.key};` : ''
    const process = await startNginx('nginx', {
      folder,
      core: SUBJECT_CORE,
      listen: [`127.0.0.1:${port} backlog=4096${LISTEN[front]}`],
      locations: `${tls}\n    ${locationOf(backend, what)}`,
      outside: `upstream backend { server ${new URL(backend.origins[0]).host}; keepalive 256; keepalive_requests 100000000; }
  map $http_upgrade $upgrading { default upgrade; '' ''; }`,
      ports: [port],
    })
    return { ...process, port }
  },
}

function locationOf(backend, what) {
  if (backend.protocol === 'h2c') return 'location / { grpc_pass grpc://backend; grpc_read_timeout 1h; }'
  const connection =
    what === 'websocket'
      ? 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $upgrading;'
      : 'proxy_set_header Connection "";'
  const stream = what === 'events' ? 'proxy_buffering off;' : ''
  return `location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_read_timeout 1h; ${connection} ${stream}
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; }`
}

/** One worker of nginx with a server block of these locations. */
export function startNginx(name, { folder, core, listen, locations, outside = '', ports }) {
  const prefix = join(folder, name)
  mkdirSync(prefix, { recursive: true })
  const file = join(prefix, 'nginx.conf')
  writeFileSync(
    file,
    `worker_processes 1; daemon off; pid ${prefix}/pid; error_log ${prefix}/error.log; worker_rlimit_nofile 20000;
events { worker_connections 18000; }
http {
  access_log off; keepalive_requests 100000000; keepalive_timeout 75s; sendfile on; tcp_nopush on; http2_max_concurrent_streams 1000;
  client_body_temp_path ${prefix}/body; proxy_temp_path ${prefix}/proxy; fastcgi_temp_path ${prefix}/f; uwsgi_temp_path ${prefix}/u; scgi_temp_path ${prefix}/s;
  ${outside}
  server {
    ${listen.map((one) => `listen ${one};`).join(' ')}
    ${locations}
  }
}
`,
  )
  return start('nginx', ['-p', prefix, '-e', `${prefix}/error.log`, '-c', file], { name, core, ports, folder })
}
