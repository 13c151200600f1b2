import { createServer as createHttp2 } from 'node:http2'
import { createServer } from 'node:net'
import { contentOf } from './content.mjs'
import { requestOf } from './http1-instance.mjs'

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const OK = { ':status': 200, 'content-type': 'application/octet-stream' }

/** By mode: what may happen to one stream. */
const STREAMS = {
  hung: {
    'h2: never answers': () => {},
    'h2: stops within the body': (stream, { content, request }) => {
      halfOf(stream, content, { ...OK, 'content-length': request.size })
    },
  },
  resetting: {
    'h2: refuses the stream': (stream) => stream.close(7),
    'h2: resets the stream before the head': (stream) => stream.close(2),
    'h2: resets the stream within the body': async (stream, { content }) => {
      halfOf(stream, content, OK)
      await sleep(20)
      stream.close(2)
    },
    'h2: ends before its length': (stream, { content, request }) => {
      halfOf(stream, content, { ...OK, 'content-length': request.size })
      stream.end()
    },
    'h2: resets the connection': (stream) => stream.session?.destroy(),
    'h2: goes away': (stream, asked) => {
      stream.session?.goaway(0)
      good(stream, asked)
    },
  },
  slow: {
    'h2: answers late': async (stream, asked) => {
      await sleep(asked.random.between(200, 3000))
      if (!stream.destroyed) good(stream, asked)
    },
  },
  failing: Object.fromEntries(
    [500, 503].map((status) => [
      `h2: answers ${status}`,
      (stream) => {
        stream.respond({ ':status': status, 'x-chaos': String(status) })
        stream.end('chaos')
      },
    ]),
  ),
}

function good(stream, { content, request }) {
  stream.respond({ ...OK, 'content-length': request.size })
  stream.end(content)
}

/** To reset a stream Node ends its body first, which makes it a whole one; where trailers are to come, and somebody owes them, it does not. */
function halfOf(stream, content, head) {
  stream.respond(head, { waitForTrailers: head['content-length'] === undefined })
  stream.on('wantTrailers', () => {})
  stream.write(content.subarray(0, content.length >> 1))
}

/** An origin that speaks HTTP/2 in the clear; in mode `garbage` what it says on its connections is not HTTP/2. */
export function http2Instance(state, random, count) {
  const sockets = new Set()
  const http2 = createHttp2()
  http2.on('sessionError', () => count('h2: session lost'))
  http2.on('stream', (stream, headers) => {
    stream.on('error', () => stream.destroy())
    const pieces = []
    stream.on('data', (piece) => pieces.push(piece))
    stream.on('end', () => {
      const request = requestOf(headers[':method'], headers[':path'], Buffer.concat(pieces))
      const content = request.method === 'HEAD' ? Buffer.alloc(0) : contentOf(request.id, request.size)
      if (stream.destroyed) return
      if (request.isSpoiled) return void stream.respond({ ':status': 409 }, { endStream: true })
      const streams = STREAMS[state.mode]
      const asked = { content, request, random }
      if (streams === undefined) return good(stream, asked)
      const name = random.oneOf(Object.keys(streams))
      count(name)
      return void streams[name](stream, asked)
    })
  })
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    if (state.mode === 'garbage') {
      count('h2: is not HTTP/2')
      socket.resume()
      socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')
    } else http2.emit('connection', socket)
  })
  return { server, sockets }
}
