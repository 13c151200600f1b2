import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newAuthority, openapiOf, startFarpService, testCertificates, type FarpService } from '@octopus-gateway/testing'
import { farp } from '@octopus-gateway/farp-service'
import { Agent, fetch as fetchWith } from 'undici'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { requireComponent } from '../support/components.ts'
import { Program, freePort, root, waitFor } from '../support/process.ts'

const curl = requireComponent('curl')
const { ca, server, issue } = testCertificates()
const stranger = newAuthority()

let folder: string
beforeAll(() => {
  assertBuilt('packages/cli')
  folder = mkdtempSync(join(tmpdir(), 'octopus-push-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

/** What curl ends with, and the status of the answer: 0 where there is none. */
function asked(...args: readonly string[]): Promise<{ readonly code: number; readonly status: number; readonly body: string }> {
  return new Promise((resolve) => {
    const all = ['--silent', '--max-time', '20', '--write-out', '\n%{http_code}', '--cacert', join(folder, 'ca.pem'), ...args]
    execFile(curl!, all, (error, stdout) => {
      const end = stdout.lastIndexOf('\n')
      resolve({ code: error === null ? 0 : Number(error.code), status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) })
    })
  })
}

/** Options of curl that show a certificate. */
function showing(name: string, { cert, key }: { readonly cert: string; readonly key: string }): readonly string[] {
  return ['--cert', file(`${name}.pem`, cert), '--key', file(`${name}.key`, key)]
}

/** The built command, with TLS on its admin listener; `name` is of its folder. */
async function started(
  name: string,
  workers: number,
): Promise<{ readonly program: Program; readonly http: number; readonly admin: number }> {
  const [http, admin] = [await freePort(), await freePort()]
  file('ca.pem', ca)
  file('client-ca.pem', ca)
  file('cert.pem', server.cert)
  file('key.pem', server.key)
  const config = file(
    `${name}.yaml`,
    `server:
  http_port: ${http}
  host: 127.0.0.1
  workers: ${workers}
admin:
  address: 127.0.0.1:${admin}
  tls:
    cert: cert.pem
    key: key.pem
    client_auth:
      ca: client-ca.pem
      mode: optional
farp:
  watch_interval: 50ms
  push:
    enabled: true
    client_certificates:
      - name: URI:spiffe://shop/users
        services: [users]
      - name: DNS:orders.internal
        services: [orders]
store:
  path: ${join(folder, name)}
`,
  )
  const program = new Program(join(root, 'node_modules/.bin/octopus'), ['-c', config])
  await program.printed('gateway started')
  return { program, http, admin }
}

test.skipIf(curl === undefined)('a service registers itself with its client certificate, and nobody without one of its own', async () => {
  await using users: FarpService = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /people']) })
  const { program, http, admin } = await started('curl', 2)
  await using _ = program
  const instance = { id: users.instanceId, service_name: 'users', address: '127.0.0.1', port: users.port }
  const body = file('instance.json', JSON.stringify({ instance }))
  const url = `https://127.0.0.1:${admin}/_farp/v1`
  const register = (...more: readonly string[]): ReturnType<typeof asked> => asked('--data', `@${body}`, ...more, `${url}/register`)

  expect(await register()).toMatchObject({ code: 0, status: 401 })
  const forged = `X-Forwarded-Client-Cert: ${encodeURIComponent(issue({ names: ['URI:spiffe://shop/users'] }).cert)}`
  expect(await register('--header', forged)).toMatchObject({ code: 0, status: 401 })
  const names = ['URI:spiffe://shop/users']
  for (const [name, shown] of [
    ['stranger', stranger.issue({ names })],
    ['expired', issue({ names, validFor: -1000 })],
    ['server', issue({ names, usage: 'server' })],
  ] as const) {
    const { code, status } = await register(...showing(name, shown))
    expect([name, code === 0, status]).toEqual([name, false, 0])
  }
  expect(await register(...showing('orders', issue({ names: ['orders.internal'] })))).toMatchObject({ code: 0, status: 403 })
  expect(await register(...showing('other', issue({ names: ['users.internal'], commonName: 'users' })))).toMatchObject({ status: 401 })
  expect((await asked(`http://127.0.0.1:${admin}/_/health`)).status).toBe(0)

  const right = showing('users', issue({ names }))
  const registered = await register(...right)
  expect([registered.status, JSON.parse(registered.body)]).toEqual([
    201,
    expect.objectContaining({ status: 'registered', schemas_applied: 1 }),
  ])
  await waitFor('the routes at the workers', async () => (await fetch(`http://127.0.0.1:${http}/users/people`)).status === 200)

  file('client-ca.pem', stranger.ca)
  const renewed = showing('renewed', stranger.issue({ names }))
  await waitFor('the new authority', async () => (await register(...renewed)).status === 200)
  expect((await register(...right)).code).not.toBe(0)
  const left = await asked('--request', 'DELETE', ...renewed, `${url}/deregister/users`)
  expect([left.status, JSON.parse(left.body)]).toEqual([200, { status: 'deregistered', instances: [users.instanceId] }])
  program.child.kill('SIGTERM')
  expect(await program.exited()).toBe(0)
})

test('the library for services registers with a certificate, sends heartbeats and leaves', async () => {
  const { program, admin } = await started('library', 1)
  await using _ = program
  await using service = farp({ name: 'orders', version: 'v1.0.0', openapi: openapiOf('Orders', ['GET /list']) })
  const { cert, key } = issue({ names: ['orders.internal'] })
  const dispatcher = new Agent({ connect: { ca, cert, key } })
  let beats = 0
  const registration = service.register({
    gateway: `https://127.0.0.1:${admin}`,
    address: '127.0.0.1',
    port: 1,
    heartbeat: 50,
    fetch: async (url, init) => {
      const answer = await fetchWith(url, { ...(init as object), dispatcher })
      if (url.pathname.includes('/heartbeat/') && answer.status === 200) beats += 1
      return new Response(await answer.arrayBuffer(), { status: answer.status })
    },
  })
  expect(await registration.registered).toBe(true)
  await waitFor('heartbeats', () => beats > 1)
  await registration.close()
  const answer = await fetchWith(`https://127.0.0.1:${admin}/_farp/v1/services`, { dispatcher })
  expect([answer.status, await answer.json()]).toEqual([200, []])
  await dispatcher.close()
  program.child.kill('SIGTERM')
  expect(await program.exited()).toBe(0)
})
