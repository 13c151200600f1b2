import { extendedConnect, http2Client } from '../../upgrade/support/http2-client.ts'
import { KEY, rawClient } from '../../upgrade/support/raw.ts'
import { MISLEADING } from './spoken.ts'
import { waitFor } from '@octopus-gateway/testing'
import { webSocketService } from '../../upgrade/support/peers.ts'
import type { Fields, Spoken, Told } from './spoken.ts'
import type { Lane, Running } from '../support/describe-lanes.ts'

const GREETING = 'text '.repeat(1000)
const HANDSHAKE: Fields = [
  ['connection', 'Upgrade'],
  ['upgrade', 'websocket'],
  ['sec-websocket-key', KEY],
  ['sec-websocket-version', '13'],
]

async function start(): ReturnType<Spoken['start']> {
  const up = await webSocketService((socket) => socket.send(GREETING))
  up.server.on('headers', (lines) => {
    for (const [name, value] of Object.entries(MISLEADING)) lines.push(`${name}: ${value}`)
  })
  return {
    up: {
      get count() {
        return up.handshakes.length
      },
      header: (name) => up.handshakes.at(-1)?.headers[name]?.toString(),
    },
    options: { upstreams: { up: [up.origin] }, routes: [{ path: '/*', upstream: 'up' }] },
  }
}

/** The handshake with these fields behind its own; a second key or version would make it none. */
function disguised(fields: Fields): Fields {
  return [...HANDSHAKE, ...fields.filter(([name, value]) => !name.startsWith('sec-websocket-') && value !== 'websocket')]
}

async function ask(running: Running, fields: Fields, lane: Lane): Promise<Told> {
  if (lane.isHttp2) return overStream(running, fields)
  if (lane.isNode) return overConnection(running, disguised(fields))
  return running.sendAlone({ headers: disguised(fields) }, 'in process there is no connection to take over')
}

/** RFC 6455. The status is 200 for 101. */
async function overConnection(running: Running, fields: Fields): Promise<Told> {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const raw = rawClient(running.server!.port, `GET / HTTP/1.1\r\nhost: shop.test\r\n${lines}\r\n`)
  await waitFor(() => raw.head !== '', { what: 'the answer to the handshake' })
  const [line, ...rest] = raw.head.split('\r\n')
  const answered = Number(line!.split(' ')[1])
  const isOpen = answered === 101
  await waitFor(() => (isOpen ? raw.body.includes(GREETING) : raw.isEnded), { what: isOpen ? 'the greeting' : 'the end' })
  const names = rest.map((field) => [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 1).trim()] as const)
  return {
    status: isOpen ? 200 : answered,
    text: raw.body.toString('latin1'),
    header: (name) => names.find(([known]) => known === name)?.[1],
  }
}

/** RFC 8441. */
async function overStream(running: Running, fields: Fields): Promise<Told> {
  const session = await http2Client(running.server!.url)
  const given = Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]))
  const tunnel = await extendedConnect(session, '/', given)
  const status = Number(tunnel.headers[':status'])
  const isOpen = status === 200
  await waitFor(() => (isOpen ? tunnel.bytes.includes(GREETING) : tunnel.isEnded), { what: isOpen ? 'the greeting' : 'the end' })
  return { status, text: tunnel.bytes.toString('latin1'), header: (name) => tunnel.headers[name]?.toString() }
}

/** A handshake over HTTP/1.1, or over HTTP/2 where the lane is one of its own, and the first message of the service. */
export const WEBSOCKET: Spoken = { name: 'WebSocket', method: 'GET', lanes: ['head', 'h2'], isCompressed: false, start, ask }
