import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, start, SUBJECT_CORE } from '../lib/processes.mjs'

/** Packages and processes of the peers from npm; outside the workspace. */
const PEERS = join(import.meta.dirname, '../peers')

/** Platformatic needs a newer Node than the one this may be run with. */
const NODE_22 = join(PEERS, 'node_modules', `node-22-linux-${process.arch}`, 'bin/node')

function npmPeer(name, { packageName, title = packageName, carries = ['http'], node = process.execPath }) {
  const manifest = join(PEERS, 'node_modules', packageName, 'package.json')
  return {
    name,
    title,
    peer: true,
    version: () => (existsSync(manifest) && existsSync(node) ? JSON.parse(readFileSync(manifest, 'utf8')).version : null),
    carries,
    async start({ folder, front, backend, certificate, what }) {
      const port = await freePort()
      const settings = { port, front, what, backend: backend.origins[0], cert: certificate?.cert, key: certificate?.key }
      const process = await start(node, [join(PEERS, `${name}.mjs`), JSON.stringify(settings)], {
        name,
        core: SUBJECT_CORE,
        ports: [port],
        folder,
      })
      return { ...process, port }
    },
  }
}

/** Gateways and proxies written in JavaScript. */
export const npmPeers = [
  npmPeer('fastify', { packageName: '@fastify/http-proxy', carries: ['http', 'https', 'h2'] }),
  npmPeer('httpxy', { packageName: 'httpxy' }),
  npmPeer('http-proxy-3', { packageName: 'http-proxy-3' }),
  npmPeer('platformatic', { packageName: '@platformatic/gateway', node: NODE_22 }),
]
