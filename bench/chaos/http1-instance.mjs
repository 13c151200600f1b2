import { answer, EXCHANGES, reply } from './misbehaviours.mjs'
import { contentOf } from './content.mjs'
import { createServer } from 'node:net'

/**
 * An origin over bare sockets: a server that knows HTTP would not let itself be made to say something else.
 * `state.mode` is looked at for every request; `count` is told what was done.
 */
export function http1Instance(state, random, count) {
  const sockets = new Set()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    serveSocket(socket, state, random, count)
  })
  return { server, sockets }
}

function serveSocket(socket, state, random, count) {
  let kept = Buffer.alloc(0)
  let isBusy = false
  let answered = 0
  socket.on('answered', () => {
    isBusy = false
    answered++
    next()
  })
  socket.on('data', (bytes) => {
    if (state.mode === 'resetting' && random.chance(0.1)) {
      count('resets within the request')
      return socket.resetAndDestroy()
    }
    if (state.mode === 'stale' && answered > 0) {
      count('closes as the next request comes')
      return socket.destroy()
    }
    kept = Buffer.concat([kept, bytes])
    return next()
  })
  function next() {
    if (isBusy || socket.destroyed) return
    const request = take()
    if (request === null) return
    isBusy = true
    if (request.isSpoiled) return reply(socket, 409)
    const exchanges = EXCHANGES[state.mode]
    if (exchanges === undefined) return answer(socket, request)
    const name = random.oneOf(Object.keys(exchanges))
    count(name)
    return void exchanges[name](socket, request, random)
  }
  /** The next whole request, or `null`. */
  function take() {
    const end = kept.indexOf('\r\n\r\n')
    if (end < 0) return null
    const head = kept.subarray(0, end).toString('latin1')
    const { length, body } = bodyIn(head, kept.subarray(end + 4))
    if (length < 0) return null
    kept = kept.subarray(end + 4 + length)
    const [method, target] = head.split(' ', 2)
    return requestOf(method, target, body)
  }
}

/** Bytes that the body takes, and the body; a length of -1 while it has not come whole. */
function bodyIn(head, rest) {
  if (/^transfer-encoding: *chunked/im.test(head)) {
    const pieces = []
    for (let at = 0; ;) {
      const line = rest.indexOf('\r\n', at)
      if (line < 0) return { length: -1 }
      const size = Number.parseInt(rest.subarray(at, line).toString('latin1'), 16)
      if (rest.length < line + 2 + size + 2) return { length: -1 }
      if (size === 0) return { length: line + 4, body: Buffer.concat(pieces) }
      pieces.push(rest.subarray(line + 2, line + 2 + size))
      at = line + 2 + size + 2
    }
  }
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
  return rest.length < length ? { length: -1 } : { length, body: rest.subarray(0, length) }
}

/** What a target asks for: `/http1/<id>?size=<bytes>&kind=sized|chunked|events`. */
export function requestOf(method, target, body) {
  const [path, query = ''] = target.split('?')
  const asked = new URLSearchParams(query)
  const id = path.slice(path.lastIndexOf('/') + 1)
  const sent = Number(asked.get('sent') ?? 0)
  const isSpoiled = sent > 0 && !contentOf(id, sent).equals(body)
  return { method, id, size: Number(asked.get('size') ?? 2), kind: asked.get('kind') ?? 'sized', isSpoiled }
}
