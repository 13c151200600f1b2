import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { start } from './processes.mjs'

/** nginx as the backend: fixed answers of 200 bytes and of 64 KiB, any method. */
export function startBackend({ folder, port, core }) {
  const root = join(folder, 'root')
  mkdirSync(root, { recursive: true })
  writeFileSync(join(root, '64k'), 'x'.repeat(64 * 1024))
  return startNginx(
    'backend',
    { folder, port, core },
    `
    location /64k { root ${root}; }
    location / { default_type text/plain; return 200 "${'x'.repeat(200)}"; }`,
  )
}

/** nginx as a proxy with kept connections to the backend. */
export function startProxy({ folder, port, core, backend }) {
  return startNginx(
    'proxy',
    { folder, port, core },
    `
    location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; }`,
    `
  upstream backend { server 127.0.0.1:${backend}; keepalive 256; keepalive_requests 100000000; }`,
  )
}

function startNginx(name, { folder, port, core }, locations, upstream = '') {
  const prefix = join(folder, name)
  mkdirSync(prefix, { recursive: true })
  const file = join(prefix, 'nginx.conf')
  writeFileSync(
    file,
    `worker_processes 1; daemon off; pid ${prefix}/pid; error_log ${prefix}/error.log;
events { worker_connections 16384; }
http {
  access_log off; keepalive_requests 100000000; keepalive_timeout 75s; sendfile on; tcp_nopush on;
  client_body_temp_path ${prefix}/body; proxy_temp_path ${prefix}/proxy; fastcgi_temp_path ${prefix}/f; uwsgi_temp_path ${prefix}/u; scgi_temp_path ${prefix}/s;
  ${upstream}
  server { listen 127.0.0.1:${port} backlog=4096; ${locations}
  }
}
`,
  )
  return start('nginx', ['-p', prefix, '-e', `${prefix}/error.log`, '-c', file], { core, port })
}
