// Connections that ask once and then stay: node idle-process.mjs '{"port":…,"connections":…}'
import { connect } from 'node:net'

const { port, connections, seconds } = JSON.parse(process.argv[2])
const AT_ONCE = 100
let opened = 0
await Promise.all(Array.from({ length: AT_ONCE }, openSome))
console.log('steady')
setTimeout(() => {
  console.log('done')
  end({ requests: opened })
}, seconds * 1000)

function end(counts) {
  console.log(JSON.stringify(counts))
  process.exit()
}

async function openSome() {
  while (opened < connections) {
    opened++
    await open()
  }
}

function open() {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', ({ message }) => end({ error: `a connection failed: ${message}` }))
    socket.on('close', () => end({ error: 'a connection was closed' }))
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    socket.once('data', (piece) =>
      piece.toString('latin1').startsWith('HTTP/1.1 200 ') ? resolve() : end({ error: 'an answer was no 200' }),
    )
  })
}
