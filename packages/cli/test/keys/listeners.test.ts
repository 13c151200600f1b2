import { behaviour } from './behaviour.ts'
import { connect } from 'node:http2'
import { once } from 'node:events'
import { closedPort, respondWith, startRawServer } from '@octopus-gateway/testing'
import { connects } from './client.ts'
import { createServer } from 'node:net'
import { expect } from 'vitest'
import { refused, running } from './running.ts'
import { upstream } from './yaml.ts'

const NO_PORT = 'server: { host: 127.0.0.1 }\n'

/** Runs while nobody else can have the port: it is taken here, or it was taken already. */
async function whileTaken(port: number, run: () => Promise<void>): Promise<void> {
  const blocker = createServer().listen(port, '127.0.0.1')
  try {
    await new Promise<void>((resolve) => blocker.once('listening', resolve).once('error', () => resolve()))
    await run()
  } finally {
    blocker.close()
  }
}

/** On Linux every address of 127.0.0.0/8 is this machine's; elsewhere only the first one is. */
const OTHER = '127.0.0.2'
const hasOther = process.platform === 'linux'

behaviour('server.http_port', 'requests are taken there', async () => {
  const port = await closedPort()
  await using gateway = await running(`server: { http_port: ${port} }`)
  expect(gateway.url).toBe(`http://127.0.0.1:${port}`)
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404)
})

behaviour('server.http_port', 'is 8080 by default', async () => {
  await whileTaken(8080, async () => {
    const { code, err } = await refused('admin: { enabled: false }', { base: NO_PORT })
    expect([code, err]).toEqual([69, expect.stringContaining('port 8080 is in use, so the traffic listener cannot start')])
  })
})

behaviour('server.host', 'only this address is listened on', async ({ skip }) => {
  skip(!hasOther, 'only Linux has further loopback addresses')
  await using gateway = await running(`server: { host: ${OTHER} }`)
  expect((await fetch(`http://${OTHER}:${gateway.port}/`)).status).toBe(404)
  expect(await connects(gateway.port, '127.0.0.1')).toBe(false)
})

behaviour('server.host', 'every address by default', async ({ skip }) => {
  skip(!hasOther, 'only Linux has further loopback addresses')
  await using gateway = await running('server: { http_port: 0, admin_port: 0 }', { base: '' })
  expect([await connects(gateway.port, '127.0.0.1'), await connects(gateway.port, OTHER)]).toEqual([true, true])
})

behaviour('server.admin_port', 'the admin API is there, on loopback only', async () => {
  const port = await closedPort()
  await using gateway = await running(`server: { admin_port: ${port} }`)
  expect(gateway.admin).toBe(`http://127.0.0.1:${port}`)
  expect((await fetch(`http://127.0.0.1:${port}/_/health`)).status).toBe(200)
  if (hasOther) expect(await connects(port, OTHER)).toBe(false)
})

behaviour('server.admin_port', 'is 9090 by default', async () => {
  await whileTaken(9090, async () => {
    const { code, err } = await refused('server: { http_port: 0 }', { base: NO_PORT })
    expect([code, err]).toEqual([69, expect.stringContaining('port 9090 is in use, so the admin listener cannot start')])
  })
})

/** The paths that a client is pushed with an answer. */
async function pushed(server: string): Promise<readonly unknown[]> {
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nLink: </a.css>; rel=preload\r\n\r\n'
  await using origin = await startRawServer(respondWith(answer))
  await using gateway = await running(`${server}${upstream(origin.port)}`)
  const session = connect(gateway.url)
  try {
    const paths: unknown[] = []
    session.on('stream', (stream, fields) => {
      stream.on('error', () => {})
      stream.resume()
      paths.push(fields[':path'])
    })
    const stream = session.request({ ':path': '/' })
    stream.resume()
    await once(stream, 'close')
    return paths
  } finally {
    session.destroy()
  }
}

behaviour('server.http2_push', 'sends what an answer names along with it; false, the default, does not', async () => {
  expect(await pushed('server: { http2_push: true }\n')).toEqual(['/a.css'])
  expect(await pushed('')).toEqual([])
})
