import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { gauge, running } from '../support/running.ts'
import { rawRequest, waitFor } from '@octopus-gateway/testing'
import { requireComponent } from '../../../../tests/support/components.ts'
import { promisify } from 'node:util'
import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { service, to } from '../support/upstreams.ts'

/** What Java's HttpClient adds to the first request of a connection. */
const H2C = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n'

const warnings: Error[] = []
const onWarning = (warning: Error): void => void warnings.push(warning)
beforeEach(() => void process.on('warning', onWarning))
afterEach(() => {
  process.off('warning', onWarning)
  expect(warnings.splice(0)).toEqual([])
})

describe('requests that offer another protocol than WebSocket are served as they are', () => {
  test('a body of a declared length, and the next request on the connection', async () => {
    const up = await service()
    const { port } = await running(to(up))
    const { responses } = await rawRequest(
      port,
      `POST /java?q=1 HTTP/1.1\r\nHost: shop.test\r\n${H2C}Content-Length: 5\r\nX-Kept: yes\r\n\r\nhelloGET /next HTTP/1.1\r\nHost: shop.test\r\n\r\n`,
      { responses: 2 },
    )
    expect(responses.map(({ status }) => status)).toEqual([200, 200])
    const first = up.requests.find(({ url }) => url === '/java?q=1')
    expect(first).toMatchObject({ method: 'POST', body: 'hello' })
    expect(responses.map(({ body }) => JSON.parse(body.toString()).url)).toEqual(['/java?q=1', '/next'])
    expect(first!.header('x-kept')).toBe('yes')
    for (const name of ['upgrade', 'http2-settings']) expect(first!.header(name)).toBeUndefined()
  })

  test('a chunked body that comes in pieces, long after the head', async () => {
    const up = await service()
    const { port } = await running(to(up))
    const socket = connect(port, '127.0.0.1')
    let answers = ''
    socket.on('data', (piece: Buffer) => void (answers += piece.toString()))
    socket.write(`PUT /slow HTTP/1.1\r\nHost: a\r\n${H2C}Transfer-Encoding: chunked\r\n\r\n5\r\nhel`)
    await waitFor(() => up.count === 1)
    for (const piece of ['lo\r\n', '6\r\n world\r\n', '0\r\n\r\n']) socket.write(piece)
    await waitFor(() => answers.includes('"body":"hello world"'))
    socket.write(`GET /again HTTP/1.1\r\nHost: a\r\n${H2C}\r\n`)
    await waitFor(() => answers.includes('"url":"/again"'))
    socket.destroy()
  })

  test('any number of them, pipelined with others, each answered in its turn', async () => {
    const up = await service((request, response) => {
      // The earlier, the slower: only the order of the connection keeps them in order.
      setTimeout(() => response.end(request.url), request.url === '/0' ? 50 : 0)
    })
    const { port, gateway } = await running(to(up))
    const bytes = Array.from({ length: 40 }, (_, i) => {
      const body =
        i % 4 === 1 ? 'Content-Length: 3\r\n\r\nabc' : i % 4 === 2 ? 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n' : '\r\n'
      return `${i % 4 === 0 ? 'GET' : 'POST'} /${i} HTTP/1.1\r\nHost: a\r\n${i % 2 === 0 && i < 30 ? '' : H2C}${i % 4 === 3 ? 'Content-Length: 0\r\n' : ''}${body}`
    }).join('')
    const { responses, ended } = await rawRequest(port, bytes, { responses: 40, timeout: 5_000 })
    expect(ended).toBe('responses')
    expect(responses.map(({ body }) => body.toString())).toEqual(Array.from({ length: 40 }, (_, i) => `/${i}`))
    // Given back forty times, it is one connection all the same.
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 0)
  })

  test('a slow reader of the answer before it', async () => {
    const big = Buffer.alloc(8 * 1024 * 1024, 'b')
    const up = await service((request, response) => void response.end(request.url === '/big' ? big : 'small'))
    const { port } = await running(to(up))
    const socket = connect(port, '127.0.0.1')
    socket.write(`GET /big HTTP/1.1\r\nHost: a\r\n\r\nGET /small HTTP/1.1\r\nHost: a\r\n${H2C}\r\n`)
    socket.pause()
    await waitFor(() => up.count === 1)
    let bytes = 0
    let tail = ''
    socket.on('data', (piece: Buffer) => {
      bytes += piece.length
      tail = (tail + piece.toString('latin1')).slice(-400)
    })
    socket.resume()
    await waitFor(() => tail.endsWith('small'), { timeout: 10_000 })
    expect(bytes).toBeGreaterThan(big.length)
    socket.destroy()
  })

  test('Expect: 100-continue, HTTP/1.0 and websocket on HTTP/1.0', async () => {
    const up = await service()
    const { port } = await running(to(up))
    const expecting = await rawRequest(port, `POST / HTTP/1.1\r\nHost: a\r\n${H2C}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nok`)
    expect(expecting.response.interim).toHaveLength(1)
    expect(expecting.response.status).toBe(200)
    const old = await rawRequest(port, 'GET /old HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    expect(old.response.status).toBe(200)
    expect(up.requests.at(-1)!.header('upgrade')).toBeUndefined()
  })

  test('what is refused elsewhere is refused here', async () => {
    const up = await service()
    const { port } = await running(to(up))
    for (const fields of [
      'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n',
      'Content-Length: 3\r\nContent-Length: 4\r\n',
      'Host: b\r\n',
    ]) {
      const { response } = await rawRequest(port, `POST / HTTP/1.1\r\nHost: a\r\n${H2C}${fields}\r\n`)
      expect(response.status).toBe(400)
    }
    expect(up.count).toBe(0)
  })

  test('curl --http2 on the plain port', async ({ skip }) => {
    const curl = requireComponent('curl')
    if (curl === undefined) return skip()
    const up = await service()
    const { port } = await running(to(up))
    const url = (path: string): string => `http://127.0.0.1:${port}${path}`
    const { stdout } = await promisify(execFile)(curl, [
      '-sS',
      '--http2',
      '--max-time',
      '5',
      '-d',
      'a body',
      url('/one'),
      '--next',
      '-sS',
      '--http2',
      url('/two'),
    ])
    expect(stdout).toContain('"body":"a body"')
    expect(stdout).toContain('"url":"/two"')
    expect(up.connections.accepted).toBeLessThanOrEqual(2)
  })
})
