import { encodeNote, SERVICE } from '../../grpc/support/notes.ts'
import { framed, rawCall, rawSession } from '../../grpc/support/raw-call.ts'
import { h2Origin } from '../../wires/support/h2-origin.ts'
import { meaningOf, MISLEADING } from './spoken.ts'
import type { Fields, Spoken, Told } from './spoken.ts'
import type { IncomingHttpHeaders } from 'node:http2'
import type { Lane, Running } from '../support/describe-lanes.ts'

const METHOD = `/${SERVICE}/Unary`
const MESSAGE = framed(encodeNote({ text: 'hello', count: 1 }))
const ANSWER = framed(encodeNote({ text: 'text '.repeat(1000), count: 1 }))
const OWN = 'content-type'

async function start(): ReturnType<Spoken['start']> {
  let last: IncomingHttpHeaders = {}
  const up = await h2Origin((stream, headers) => {
    last = headers
    stream.resume()
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...MISLEADING }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(ANSWER)
  })
  return {
    up: {
      get count() {
        return up.streams.length
      },
      header: (name) => last[name]?.toString(),
    },
    options: { upstreams: { up: [up.origin] }, routes: [{ path: '/*', upstream: 'up' }] },
  }
}

async function ask(running: Running, fields: Fields, lane: Lane): Promise<Told> {
  if (!lane.isHttp2) {
    const own: Fields = fields.some(([name]) => name === OWN) ? [] : [[OWN, 'application/grpc']]
    const headers = [...own, ...fields]
    const { status, text, header } = await running.sendAlone({ method: 'POST', path: METHOD, headers, body: MESSAGE }, 'calls need HTTP/2')
    return { status, text, header }
  }
  const given = Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]))
  const { stream, answer } = rawCall(rawSession(running.server!.url), METHOD, given)
  stream.end(MESSAGE)
  const { status, fields: head, trailers, body } = await answer
  const code = head['grpc-status'] ?? trailers['grpc-status']
  return { status: code === undefined ? status : meaningOf(code), text: body.toString('latin1'), header: (name) => head[name] }
}

/** A unary call over HTTP/2 in the clear. */
export const GRPC: Spoken = { name: 'gRPC', method: 'POST', lanes: ['h2'], isCompressed: false, start, ask }
