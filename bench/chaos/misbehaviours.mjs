import { contentOf } from './content.mjs'

/** What an instance can be told to be. `killed` and `refusing` are the whole process or its ports; the others are about single exchanges. */
export const MODES = ['killed', 'refusing', 'hung', 'resetting', 'slow', 'garbage', 'failing', 'stale']

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** The good answer of a request, as head and body. */
export function goodAnswer({ method, id, size, kind }) {
  const body = contentOf(id, size)
  const type = kind === 'events' ? 'text/event-stream' : 'application/octet-stream'
  const framing = kind === 'sized' || method === 'HEAD' ? `content-length: ${size}` : 'transfer-encoding: chunked'
  const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n${framing}\r\n\r\n`
  if (method === 'HEAD') return { head, body: '' }
  return { head, body: kind === 'sized' ? body : chunked(body) }
}

function chunked(body) {
  const middle = body.length >> 1
  const pieces = [body.subarray(0, middle), body.subarray(middle)].filter((piece) => piece.length > 0)
  return Buffer.concat([
    ...pieces.flatMap((piece) => [Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
    Buffer.from('0\r\n\r\n'),
  ])
}

const HALF = 'HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n'

/** A head and the first half of the body that belongs to it. */
function half({ id, size }) {
  return Buffer.concat([Buffer.from(`${HALF}content-length: ${size}\r\n\r\n`), contentOf(id, size).subarray(0, size >> 1)])
}

/** By mode: what may happen to one exchange. Each is given the socket, the request and random numbers. */
export const EXCHANGES = {
  hung: {
    'never answers': () => {},
    'stops within the head': (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-ty'),
    'stops within the body': (socket, request) => socket.write(half(request)),
  },
  resetting: {
    'resets before the head': (socket) => socket.resetAndDestroy(),
    'resets within the head': async (socket) => {
      socket.write('HTTP/1.1 200 O')
      await sleep(5)
      socket.resetAndDestroy()
    },
    'resets within the body': async (socket, request) => {
      socket.write(half(request))
      await sleep(20)
      socket.resetAndDestroy()
    },
  },
  slow: {
    'answers late': async (socket, request, random) => {
      await sleep(random.between(200, 3000))
      answer(socket, request)
    },
    'trickles the head': async (socket, request, random) => {
      const { head, body } = goodAnswer(request)
      const pause = random.between(5, 30)
      for (let at = 0; at < head.length && !socket.destroyed; at += 4) {
        socket.write(head.slice(at, at + 4))
        await sleep(pause)
      }
      socket.write(body)
      socket.emit('answered')
    },
    'trickles the body': async (socket, request, random) => {
      const { head, body } = goodAnswer(request)
      socket.write(head)
      const step = Math.ceil(body.length / 10) || 1
      for (let at = 0; at < body.length && !socket.destroyed; at += step) {
        await sleep(random.between(20, 200))
        socket.write(body.slice(at, at + step))
      }
      socket.emit('answered')
    },
  },
  garbage: {
    'is not HTTP': (socket) => socket.end(Buffer.from([0x16, 3, 1, 0, 0xff, 0, 0x80, 10, 13, 10, 13, 10])),
    'another protocol': (socket) => socket.end('220 mail.example ESMTP\r\n'),
    'two lengths': (socket) => socket.end(`${HALF}content-length: 5\r\ncontent-length: 7\r\n\r\nhello`),
    'length and chunks': (socket) => socket.end(`${HALF}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`),
    'an enormous head': (socket) => socket.end(`HTTP/1.1 200 OK\r\n${`x-filler: ${'f'.repeat(1000)}\r\n`.repeat(300)}\r\n`),
    'a bad status': (socket) => socket.end('HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n'),
    'a bad chunk size': (socket, { id, size }) =>
      socket.end(
        Buffer.concat([
          Buffer.from(`${HALF}transfer-encoding: chunked\r\n\r\n5\r\n`),
          contentOf(id, size).subarray(0, 5),
          Buffer.from('\r\nzz\r\n'),
        ]),
      ),
    'chunks without an end': (socket, { id, size }) => {
      const piece = contentOf(id, size).subarray(0, size >> 1)
      socket.end(
        Buffer.concat([
          Buffer.from(`${HALF}transfer-encoding: chunked\r\n\r\n${piece.length.toString(16)}\r\n`),
          piece,
          Buffer.from('\r\n'),
        ]),
      )
    },
    'less than it said': (socket, request) => socket.end(half(request)),
    // What follows a whole answer must never become the next one.
    'more than it said': (socket, request) => {
      const { head, body } = goodAnswer({ ...request, kind: 'sized' })
      socket.end(Buffer.concat([Buffer.from(head), Buffer.from(body), Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong')]))
    },
  },
  failing: Object.fromEntries([500, 502, 503, 504].map((status) => [`answers ${status}`, (socket) => reply(socket, status)])),
  stale: { 'answers, then closes as the next request comes': (socket, request) => answer(socket, request) },
}

export function answer(socket, request) {
  const { head, body } = goodAnswer(request)
  socket.write(Buffer.concat([Buffer.from(head), Buffer.from(body)]))
  socket.emit('answered')
}

export function reply(socket, status) {
  socket.write(`HTTP/1.1 ${status} Chaos\r\nx-chaos: ${status}\r\ncontent-length: 5\r\n\r\nchaos`)
  socket.emit('answered')
}
