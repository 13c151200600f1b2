// Readers of server-sent events: every connection reads a stream that never ends.
import { connect } from 'node:net'

const { port, seconds, path, connections, perStream, hold } = JSON.parse(process.argv[2])
const MARK = 'data: '
const AT_ONCE = 50
let opened = 0
let isMeasuring = false
let requests = 0
await Promise.all(Array.from({ length: AT_ONCE }, openSome))
setTimeout(() => {
  isMeasuring = true
  console.log('steady')
}, 300)
setTimeout(
  () => {
    isMeasuring = false
    const expected = connections * perStream * seconds
    console.log('done')
    // The process under test is looked at while the streams are still open.
    setTimeout(
      () => (requests < expected * 0.9 ? end({ error: `${requests} events of ${expected} arrived` }) : end({ requests })),
      hold ?? 100,
    )
  },
  300 + seconds * 1000,
)

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

/** Resolves with the first event. */
function open() {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.setEncoding('latin1')
    socket.on('error', ({ message }) => end({ error: `a connection failed: ${message}` }))
    socket.on('close', () => end({ error: 'a stream ended' }))
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    let isOpen = false
    socket.on('data', (text) => {
      let events = 0
      for (let at = text.indexOf(MARK); at !== -1; at = text.indexOf(MARK, at + MARK.length)) events++
      if (isMeasuring) requests += events
      if (isOpen || events === 0) return
      isOpen = true
      resolve()
    })
  })
}
