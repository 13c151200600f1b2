// A gRPC service over h2c on node:http2 that answers each call with one message (/bench.Echo/Unary) or a hundred (/bench.Echo/Stream).
import { createServer } from 'node:http2'
import { MESSAGES, messageOf } from '../lib/grpc.mjs'

const { port } = JSON.parse(process.argv[2])
const message = messageOf('a')
// Every round ends with calls that are cancelled; Node's defence against quick resets would take that for an attack.
const unlimited = { streamResetBurst: 1_000_000, streamResetRate: 1_000_000 }
const server = createServer({ settings: { maxConcurrentStreams: 1000, initialWindowSize: 1 << 20 }, ...unlimited })
server.on('stream', (stream, head) => {
  stream.on('error', () => {
    // A call that was cut off at the end of a round.
  })
  stream.resume()
  stream.once('end', () => {
    if (stream.destroyed) return
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    const count = head[':path'].endsWith('/Stream') ? MESSAGES : 1
    for (let i = 1; i < count; i++) stream.write(message)
    stream.end(message)
  })
})
server.listen(port, '127.0.0.1', 4096)
