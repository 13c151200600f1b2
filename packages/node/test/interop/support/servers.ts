import { connect } from 'node:net'
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { freePort, Program, waitFor } from '../../../../../tests/support/process.ts'

/** How an upstream server is spoken to. */
export type Spoken = 'http1' | 'h2c'

/** A well-known server in front of a service. */
export interface Front {
  readonly program: string
  /** Arguments for a run in the foreground; files go into `folder`. */
  start(folder: string, ports: { readonly port: number; readonly service: number }, spoken: Spoken): readonly string[]
}

/** What `/file` of every server holds. */
export const FILE = 'x'.repeat(200_000)

const nginx: Front = {
  program: 'nginx',
  start(folder, { port, service }, spoken) {
    const file = join(folder, 'nginx.conf')
    writeFileSync(
      file,
      `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 512; }
http {
  access_log off; client_max_body_size 0; gzip on; gzip_types application/json; gzip_min_length 1;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server {
    listen 127.0.0.1:${port}${spoken === 'h2c' ? ' http2' : ''};
    location /file { root ${folder}; }
    location /empty { return 204; }
    location /moved { return 302 /elsewhere; }
    location / { proxy_pass http://127.0.0.1:${service}; proxy_http_version 1.1; proxy_request_buffering off; proxy_set_header Host $http_host; }
  }
}
`,
    )
    return ['-p', folder, '-e', `${folder}/error.log`, '-c', file]
  },
}

const haproxy: Front = {
  program: 'haproxy',
  start(folder, { port, service }, spoken) {
    const file = join(folder, 'haproxy.cfg')
    writeFileSync(
      file,
      `defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend in
  bind 127.0.0.1:${port}${spoken === 'h2c' ? ' proto h2' : ''}
  http-request return status 204 if { path /empty }
  http-request return status 200 content-type text/plain file ${folder}/file if { path /file }
  http-request redirect location /elsewhere code 302 if { path /moved }
  default_backend service
backend service
  server one 127.0.0.1:${service}
`,
    )
    return ['-f', file]
  },
}

const caddy: Front = {
  program: 'caddy',
  start(folder, { port, service }, spoken) {
    const file = join(folder, 'Caddyfile')
    writeFileSync(
      file,
      `{
  admin off
  auto_https off
  servers {
    protocols ${spoken === 'h2c' ? 'h1 h2c' : 'h1'}
  }
}
http://:${port} {
  bind 127.0.0.1
  encode gzip
  respond /empty 204
  redir /moved /elsewhere 302
  handle /file {
    root * ${folder}
    file_server
  }
  reverse_proxy 127.0.0.1:${service}
}
`,
    )
    return ['run', '--config', file, '--adapter', 'caddyfile']
  },
}

/** The servers that Debian has and that people put behind gateways. */
export const FRONTS: readonly Front[] = [nginx, haproxy, caddy]

/** Starts a server in front of a service; it ends with the test. */
export async function startFront(front: Front, path: string, service: number, spoken: Spoken): Promise<{ origin: string }> {
  const folder = mkdtempSync(join(tmpdir(), `${front.program}-`))
  // Started by root, nginx reads files as another user.
  chmodSync(folder, 0o755)
  // HAProxy answers with a file of limited size; the others serve this one whole.
  writeFileSync(join(folder, 'file'), front.program === 'haproxy' ? FILE.slice(0, 10_000) : FILE)
  const port = await freePort()
  const program = new Program(path, front.start(folder, { port, service }, spoken), {
    HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
  })
  onTestFinished(() => program[Symbol.asyncDispose]())
  await waitFor(`${front.program} to listen`, () => {
    if (program.hasExited) throw new Error(`${front.program} ended:\n${program.output}`)
    return isListening(port)
  })
  return { origin: `http://127.0.0.1:${port}` }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
