// A WebSocket service that sends every message back: node websocket-process.mjs '{"port":…}'
import { createServer } from 'node:http'
import { acceptOf } from '../lib/websocket.mjs'

const { port } = JSON.parse(process.argv[2])
const server = createServer((_request, response) => response.end('ready'))
server.on('upgrade', (request, socket, first) => {
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('end', () => socket.end())
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(request.headers['sec-websocket-key'])}\r\n\r\n`,
  )
  let pending = first
  socket.on('data', (piece) => {
    pending = pending.length === 0 ? piece : Buffer.concat([pending, piece])
    for (let size = answer(socket, pending); size > 0; size = answer(socket, pending)) pending = pending.subarray(size)
  })
})
server.listen(port, '127.0.0.1', 4096)

/** Sends the first message back and tells how many bytes it took; 0 when it is not complete. */
function answer(socket, bytes) {
  if (bytes.length < 4) return 0
  const short = bytes[1] & 0x7f
  const length = short === 126 ? bytes.readUInt16BE(2) : short
  const start = short === 126 ? 8 : 6
  if (bytes.length < start + length) return 0
  const payload = Buffer.from(bytes.subarray(start, start + length))
  for (let i = 0; i < length; i++) payload[i] ^= bytes[start - 4 + (i & 3)]
  const head = short === 126 ? Buffer.from([bytes[0], 126, length >> 8, length & 0xff]) : Buffer.from([bytes[0], length])
  socket.write(Buffer.concat([head, payload]))
  return start + length
}
