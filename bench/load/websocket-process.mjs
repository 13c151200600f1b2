// Echoes over WebSocket: each connection sends a message, waits for it to come back, and sends it again.
import { connect } from 'node:net'
import { frameOf } from '../lib/websocket.mjs'

const { port, seconds, path, connections, bytes } = JSON.parse(process.argv[2])
const sent = frameOf(bytes, true)
const wanted = frameOf(bytes, false)
let isMeasuring = false
let requests = 0
const sockets = await Promise.all(Array.from({ length: connections }, open))
for (const socket of sockets) echo(socket)
setTimeout(() => {
  isMeasuring = true
  console.log('steady')
}, 200)
setTimeout(
  () => {
    isMeasuring = false
    console.log('done')
    end({ requests })
  },
  200 + seconds * 1000,
)

function end(counts) {
  console.log(JSON.stringify(counts))
  process.exit()
}

function open() {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    socket.on('error', ({ message }) => end({ error: `a connection failed: ${message}` }))
    socket.on('close', () => end({ error: 'a connection was closed' }))
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16, 'k').toString('base64')}\r\n\r\n`,
    )
    let head = ''
    socket.on('data', function read(piece) {
      head += piece.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      socket.off('data', read)
      if (head.startsWith('HTTP/1.1 101 ')) resolve(socket)
      else end({ error: `no upgrade: ${head.split('\r\n')[0]}` })
    })
  })
}

function echo(socket) {
  let pieces = []
  let length = 0
  socket.on('data', (piece) => {
    pieces.push(piece)
    length += piece.length
    if (length < wanted.length) return
    const whole = pieces.length === 1 ? piece : Buffer.concat(pieces)
    if (!whole.equals(wanted)) end({ error: 'a message came back as another' })
    pieces = []
    length = 0
    if (isMeasuring) requests++
    socket.write(sent)
  })
  socket.write(sent)
}
