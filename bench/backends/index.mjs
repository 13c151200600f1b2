import { join } from 'node:path'
import { freePort, LOAD_CORE, start } from '../lib/processes.mjs'
import { mkdirSync, writeFileSync } from 'node:fs'
import { startNginx } from '../subjects/nginx.mjs'

/** nginx with fixed answers of 200 bytes and of 64 KiB, any method; at `addresses` loopback addresses, each an upstream of its own. */
async function http({ folder, addresses = 1 }) {
  const root = join(folder, 'root')
  mkdirSync(root, { recursive: true })
  writeFileSync(join(root, '64k'), 'x'.repeat(64 * 1024))
  const port = await freePort()
  const hosts =
    addresses === 1 ? ['127.0.0.1'] : Array.from({ length: addresses }, (_, i) => `127.0.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`)
  const process = await startNginx('backend', {
    folder,
    core: LOAD_CORE,
    listen: [`127.0.0.1:${port} backlog=4096`, ...hosts.filter((host) => host !== '127.0.0.1').map((host) => `${host}:${port}`)],
    locations: `location /64k { root ${root}; }
    location / { default_type text/plain; return 200 "${'x'.repeat(200)}"; }`,
    ports: [port],
  })
  return { ...process, protocol: 'http', origins: hosts.map((host) => `http://${host}:${port}`) }
}

/** A backend written for Node, in a process of its own. */
function onNode(name, protocol) {
  return async ({ folder, bytes }) => {
    const port = await freePort()
    const file = join(import.meta.dirname, `${name}-process.mjs`)
    const args = [file, JSON.stringify({ port, bytes })]
    const process = await start(globalThis.process.execPath, args, { name: `${name}-backend`, core: LOAD_CORE, ports: [port], folder })
    return { ...process, protocol, origins: [`http://127.0.0.1:${port}`] }
  }
}

/** What the proxies forward to. */
export const BACKENDS = { http, grpc: onNode('grpc', 'h2c'), websocket: onNode('websocket', 'http'), events: onNode('events', 'http') }
