import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { closedPort } from './closed-port.ts'
import { rawRequest } from './raw-request.ts'
import { startService } from './service.ts'
import { waitFor } from './wait-for.ts'

describe('startService', () => {
  test('echoes method, target, raw fields and body, and records them', async () => {
    await using service = await startService({ name: 'users' })
    const body = 'h\u00e9llo'
    const { response } = await rawRequest(
      service.port,
      `POST /a/../b?x=%20 HTTP/1.1\r\nHost: h\r\nX-Twice: 1\r\nx-twice: 2\r\nContent-Length: 6\r\n\r\n${Buffer.from(body).toString('latin1')}`,
    )
    expect(response.status).toBe(200)
    expect(JSON.parse(response.body.toString())).toEqual({
      name: 'users',
      method: 'POST',
      url: '/a/../b?x=%20',
      headers: ['Host', 'h', 'X-Twice', '1', 'x-twice', '2', 'Content-Length', '6'],
      body,
      body_bytes: 6,
    })
    expect(service.count).toBe(1)
    expect(service.requests[0]).toMatchObject({ method: 'POST', bodyBytes: 6, body })
    expect(service.requests[0]!.header('x-twice')).toBe('1')
    await waitFor(() => service.requests[0]!.state === 'finished')
  })

  test('counts a long body and keeps only its start', async () => {
    await using service = await startService({ keepBody: 10 })
    await fetch(service.url, { method: 'POST', body: 'x'.repeat(200_000) })
    expect(service.requests[0]).toMatchObject({ bodyBytes: 200_000, body: 'x'.repeat(10) })
  })

  test('keeps a bounded number of records', async () => {
    await using service = await startService({ keepRequests: 2 })
    for (const path of ['a', 'b', 'c']) await fetch(service.url + path)
    expect(service.requests.map((request) => request.url)).toEqual(['/b', '/c'])
    expect(service.count).toBe(3)
  })

  test('notices a client that goes before the answer', async () => {
    await using service = await startService({ handler: () => undefined })
    const socket = connect(service.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await waitFor(() => service.count === 1)
    expect(service.requests[0]!.state).toBe('open')
    socket.destroy()
    await waitFor(() => service.requests[0]!.state === 'aborted')
  })

  test('a handler that throws answers 500 with its message', async () => {
    await using service = await startService({
      handler: () => {
        throw new Error('on purpose')
      },
    })
    const answer = await fetch(service.url)
    expect(answer.status).toBe(500)
    expect(await answer.text()).toContain('on purpose')
  })

  test('closing cuts idle connections and frees the port', async () => {
    const service = await startService()
    await (await fetch(service.url)).text()
    expect(service.connections).toMatchObject({ open: 1, accepted: 1 })
    await service.close()
    await service.close()
    expect((await rawRequest(service.port, 'GET / HTTP/1.1\r\n\r\n')).error).toBe('ECONNREFUSED')
  })

  test('rejects with the listen error when the port is taken', async () => {
    await using service = await startService()
    await expect(startService({ port: service.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

test('closedPort refuses connections', async () => {
  expect(await rawRequest(await closedPort(), 'GET / HTTP/1.1\r\n\r\n')).toMatchObject({
    ended: 'failed',
    error: 'ECONNREFUSED',
    responses: [],
  })
})
