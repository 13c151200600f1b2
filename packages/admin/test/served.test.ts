import { describe, expect, test } from 'vitest'
import { createGateway } from '@octopus-gateway/core'
import { hash } from 'bcrypt'
import { processMetrics, serveFetch } from '@octopus-gateway/node'
import { rawRequest } from '@octopus-gateway/testing'
import { createAdmin } from '../src/index.ts'
import type { AdminOptions } from '../src/index.ts'
import type { RawResponse } from '@octopus-gateway/testing'

/** Serves the admin API of a gateway without routes on a real listener. */
async function served(options: AdminOptions = {}) {
  const gateway = createGateway({})
  await gateway.synced
  const server = await serveFetch(createAdmin(gateway, options), { port: 0 })
  return {
    async ask(path: string, fields: readonly string[] = [`Host: 127.0.0.1:${server.port}`], method = 'GET'): Promise<RawResponse> {
      const head = [`${method} ${path} HTTP/1.1`, ...fields, 'Connection: close'].join('\r\n')
      return (await rawRequest(server.port, `${head}\r\n\r\n`)).response
    },
    async [Symbol.asyncDispose]() {
      await server.close()
      await gateway[Symbol.asyncDispose]()
    },
  }
}

const basic = (credential: string): string => `Authorization: Basic ${Buffer.from(credential).toString('base64')}`

describe('the admin API on a Node listener', () => {
  test('answers its own names and refuses those of a rebound web page', async () => {
    await using admin = await served()
    expect((await admin.ask('/_/routes')).status).toBe(200)
    expect((await admin.ask('/_/routes', ['Host: localhost'])).status).toBe(200)
    expect((await admin.ask('/_/routes', ['Host: rebind.example'])).status).toBe(421)
    expect((await admin.ask('/_/health', ['Host: rebind.example'])).status).toBe(200)
  })

  test.each([
    ['no Host', []],
    ['a broken Host', ['Host: a b']],
    ['user information in Host', ['Host: localhost@rebind.example']],
    ['two Hosts, the own name first', ['Host: localhost', 'Host: rebind.example']],
    ['two Hosts, the own name last', ['Host: rebind.example', 'Host: localhost']],
  ])('%s does not open it', async (_what, fields) => {
    await using admin = await served()
    const { status, body } = await admin.ask('/_/routes', fields)
    expect([400, 421]).toContain(status)
    expect(body.toString()).not.toContain('generation')
  })

  test('an absolute target does not stand in for Host', async () => {
    await using admin = await served()
    expect((await admin.ask('http://localhost/_/routes', ['Host: rebind.example'])).status).toBeGreaterThanOrEqual(400)
  })

  test('[R3] knows who asks: guessing makes this address wait', async () => {
    await using admin = await served({ auth: { username: 'admin', passwordHash: await hash('right', 4) } })
    const own = 'Host: localhost'
    expect((await admin.ask('/_/routes', [own])).status).toBe(401)
    expect((await admin.ask('/_/routes', [own, basic('admin:right')])).status).toBe(200)
    for (const guess of ['1', '2', '3']) expect((await admin.ask('/_/routes', [own, basic(`admin:${guess}`)])).status).toBe(401)
    const refused = await admin.ask('/_/routes', [own, basic('admin:right')])
    expect([refused.status, refused.field('retry-after')]).toEqual([429, '1'])
  })

  test('HEAD has the fields of GET and no body; the metrics hold those of the process', async () => {
    await using admin = await served({ metrics: { path: '/metrics', extra: [processMetrics()] } })
    const head = await admin.ask('/_/routes', ['Host: localhost'], 'HEAD')
    expect([head.status, head.field('content-type'), head.body.length]).toEqual([200, 'application/json', 0])
    const metrics = (await admin.ask('/metrics', ['Host: localhost'])).body.toString()
    expect(metrics).toContain('# TYPE octopus_requests_total counter')
    expect(metrics).toContain('# TYPE process_cpu_user_seconds_total counter')
    expect(metrics.split('\n').filter((line) => line.startsWith('# TYPE')).length).toBe(
      new Set(metrics.split('\n').filter((line) => line.startsWith('# TYPE'))).size,
    )
  })
})
