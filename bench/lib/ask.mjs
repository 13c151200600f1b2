import { connect } from 'node:http2'
import { readFileSync } from 'node:fs'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

/**
 * One request to a front, read to its end: `{ status, body, trailers }`. Fronts are `http`, `https`, `h2` (over TLS) and `h2c` (prior knowledge).
 */
export function ask({ front, port, certificate, request: { method = 'GET', path, headers = {}, body } }) {
  const ca = front === 'https' || front === 'h2' ? readFileSync(certificate.cert) : undefined
  const over = front === 'h2' || front === 'h2c' ? askHttp2 : askHttp1
  const failing = new Promise((_resolve, reject) =>
    setTimeout(() => reject(new Error(`No answer on port ${port} within 10 s.`)), 10_000).unref(),
  )
  return Promise.race([over({ front, port, ca, method, path, headers, body }), failing])
}

function askHttp1({ front, port, ca, method, path, headers, body }) {
  return new Promise((resolve, reject) => {
    const send = front === 'https' ? requestHttps : requestHttp
    const request = send({ host: '127.0.0.1', port, ca, servername: 'localhost', method, path, headers, agent: false }, (response) => {
      const pieces = []
      response.on('data', (piece) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(pieces), trailers: response.trailers }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

function askHttp2({ front, port, ca, method, path, headers, body }) {
  return new Promise((resolve, reject) => {
    const session = connect(`${front === 'h2' ? 'https' : 'http'}://localhost:${port}`, { ca, host: '127.0.0.1' })
    session.on('error', reject)
    const stream = session.request({ ':method': method, ':path': path, ...headers })
    const answer = { status: 0, body: Buffer.alloc(0), trailers: {} }
    const pieces = []
    stream.on('response', (head) => (answer.status = head[':status']))
    stream.on('trailers', (trailers) => (answer.trailers = { ...trailers }))
    stream.on('data', (piece) => pieces.push(piece))
    stream.on('error', reject)
    stream.on('end', () => {
      session.close()
      resolve({ ...answer, body: Buffer.concat(pieces) })
    })
    stream.end(body)
  })
}
