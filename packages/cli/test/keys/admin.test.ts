import { afterAll, beforeAll, expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { closedPort, rawRequest } from '@octopus-gateway/testing'
import { connects, head } from './client.ts'
import { refused, running, type Running } from './running.ts'

const TRAFFIC = 'server: { http_port: 0, host: 127.0.0.1 }\n'
/** The hash of `open sesame`. */
const HASH = '$2b$04$gqAvAluMdFIBF.4WvORQpuzw7Y6YCW2/t4ZHvJhUrTt2fXy7.S8Ii'
const AUTH = `auth: { type: basic, username: root, password_hash: ${HASH} }`

const basic = (text: string): Record<string, string> => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })

behaviour('admin.enabled', 'false opens no admin listener', async () => {
  const port = await closedPort()
  await using gateway = await running(`server: { admin_port: ${port} }\nadmin: { enabled: false }`)
  expect(gateway.admin).toBeNull()
  expect(await connects(port, '127.0.0.1')).toBe(false)
  expect(await gateway.status('/')).toBe(404)
})

behaviour('admin.enabled', 'is true by default', async () => {
  await using gateway = await running('{}')
  expect((await fetch(`${gateway.admin}/_/routes`)).status).toBe(200)
})

behaviour('admin.address', 'names host and port', async ({ skip }) => {
  skip(process.platform !== 'linux', 'only Linux has further loopback addresses')
  const port = await closedPort()
  await using gateway = await running(`admin: { address: "127.0.0.2:${port}" }`, { base: TRAFFIC })
  expect(gateway.admin).toBe(`http://127.0.0.2:${port}`)
  expect((await fetch(`http://127.0.0.2:${port}/_/routes`)).status).toBe(200)
  expect(await connects(port, '127.0.0.1')).toBe(false)
})

behaviour('admin.address', 'without a port takes that of server.admin_port', async () => {
  const port = await closedPort()
  await using gateway = await running(`server: { admin_port: ${port} }\nadmin: { address: localhost }`, { base: TRAFFIC })
  expect((await fetch(`http://localhost:${port}/_/routes`)).status).toBe(200)
  expect(gateway.admin).toBe(`http://localhost:${port}`)
})

behaviour('admin.allow_unauthenticated', 'without it nothing but loopback is listened on', async () => {
  const address = `admin: { address: "0.0.0.0:${await closedPort()}"`
  const { code, err } = await refused(`${address} }`, { base: TRAFFIC })
  expect([code, err]).toEqual([78, expect.stringContaining('set admin.allow_unauthenticated to true')])
  await using gateway = await running(`${address}, allow_unauthenticated: true }`, { base: TRAFFIC })
  expect((await fetch(`${gateway.admin}/_/routes`)).status).toBe(200)
})

let guarded: Running
beforeAll(async () => {
  guarded = await running(`admin: { ${AUTH} }`)
})
afterAll(() => guarded[Symbol.asyncDispose]())

const routes = (headers: Record<string, string> = {}): Promise<Response> => fetch(`${guarded.admin}/_/routes`, { headers })

behaviour('admin.auth.type', 'basic asks for it', async () => {
  const answer = await routes()
  expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Basic /)])
  expect((await fetch(`${guarded.admin}/_/health`)).status).toBe(200)
})

behaviour('admin.auth.username', 'only this name gets in', async () => {
  expect((await routes(basic('root:open sesame'))).status).toBe(200)
  expect((await routes(basic('admin:open sesame'))).status).toBe(401)
})

behaviour('admin.auth.password_hash', 'only the password of the hash gets in', async () => {
  expect((await routes(basic('root:open sesame'))).status).toBe(200)
  expect((await routes(basic('root:close sesame'))).status).toBe(401)
})

behaviour('admin.auth.type', 'opens the listener beyond loopback', async () => {
  const port = await closedPort()
  await using gateway = await running(`admin: { address: "0.0.0.0:${port}", ${AUTH} }`, { base: TRAFFIC })
  expect((await fetch(`${gateway.admin}/_/routes`)).status).toBe(401)
  // Under any name: who has the password needs no other proof.
  const named = head('GET', '/_/routes', 'Connection: close', `Authorization: ${basic('root:open sesame').authorization}`)
  expect((await rawRequest(port, named)).response.status).toBe(200)
})
