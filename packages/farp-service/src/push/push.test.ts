import { startService, waitFor, closedPort } from '@octopus-gateway/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { farp } from '../farp.ts'
import { BackOff } from './back-off.ts'
import type { FarpService } from '../service.ts'
import type { FarpServiceOptions, LogEntry } from '../options.ts'
import type { RegisterOptions, Registration } from './options.ts'
import type { Service } from '@octopus-gateway/testing'

/** A gateway that says what it is told to say, and keeps what it heard. */
interface Gateway extends AsyncDisposable {
  readonly url: string
  readonly heard: { readonly call: string; readonly body: Record<string, unknown>; readonly token: string | undefined }[]
  answer: (call: string, body: Record<string, unknown>) => { status?: number; body?: unknown; location?: string } | 'hang'
}

const accept: Gateway['answer'] = (_call, body) => {
  const { manifest, routes_checksum: own } = body as { manifest?: { routes_checksum: string }; routes_checksum?: string }
  return { body: { status: 'ok', routes_checksum: manifest?.routes_checksum ?? own, schemas_applied: 1 } }
}

async function startGateway(): Promise<Gateway> {
  const heard: Gateway['heard'] = []
  const server: Service = await startService({
    handler: async (request, response, recorded) => {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      const call = `${recorded.method} ${recorded.url}`
      const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
      heard.push({ call, body, token: recorded.header('authorization') })
      const answer = gateway.answer(call, body)
      if (answer === 'hang') return
      response.writeHead(answer.status ?? 200, {
        'content-type': 'application/json',
        ...(answer.location === undefined ? {} : { location: answer.location }),
      })
      response.end(JSON.stringify(answer.body ?? {}))
    },
  })
  const gateway: Gateway = { url: server.origin, heard, answer: accept, [Symbol.asyncDispose]: () => server.close() }
  return gateway
}

const log: LogEntry[] = []
const services: FarpService[] = []
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close()))
  log.length = 0
})

function orders(options: Partial<FarpServiceOptions> = {}): FarpService {
  const openapi = { openapi: '3.1.0', paths: { '/a': { get: {} } } }
  const service = farp({ name: 'orders', version: '1', instance_id: 'orders-1', openapi, log: (entry) => log.push(entry), ...options })
  services.push(service)
  return service
}

function register(service: FarpService, gateway: string, options: Partial<RegisterOptions> = {}): Registration {
  return service.register({ gateway, address: '127.0.0.1', port: 8080, token: 't0ken', heartbeat: 20, retry: 10, retryMax: 40, ...options })
}

const callsOf = ({ heard }: Gateway): string[] => heard.map(({ call }) => call)

test('registers with the manifest, sends heartbeats, and deregisters once', async () => {
  await using gateway = await startGateway()
  const service = orders()
  const registration = register(service, `${gateway.url}/base/`)
  expect(await registration.registered).toBe(true)
  await waitFor(() => gateway.heard.length >= 3)
  await service.close()
  await service.close()
  const [first, second] = gateway.heard
  expect(first).toMatchObject({
    call: 'POST /base/_farp/v1/register',
    token: 'Bearer t0ken',
    body: {
      instance: { id: 'orders-1', service_name: 'orders', version: '1', service_version: '1', address: '127.0.0.1', port: 8080 },
      manifest: { service_name: 'orders', instance: { address: '127.0.0.1:8080' } },
    },
  })
  expect(first!.body['instance']).toMatchObject({ metadata: { 'farp.strategy': 'push' } })
  const { routes_checksum: checksum } = first!.body['manifest'] as { routes_checksum: string }
  expect(second).toMatchObject({ call: 'PUT /base/_farp/v1/heartbeat/orders-1', body: { status: 'healthy', routes_checksum: checksum } })
  const ends = callsOf(gateway).filter((call) => call.startsWith('DELETE'))
  expect(ends).toEqual(['DELETE /base/_farp/v1/deregister/orders-1'])
  expect(callsOf(gateway).at(-1)).toBe(ends[0])
  expect((await service.manifest('a:1')).instance!.status).toBe('stopping')
})

test('registers again when the gateway forgot the instance', async () => {
  await using gateway = await startGateway()
  let isForgetful = true
  gateway.answer = (call, body) => {
    if (!call.startsWith('PUT') || !isForgetful) return accept(call, body)
    isForgetful = false
    return { status: 404, body: { error: 'instance not found', action: 're-register' } }
  }
  register(orders(), gateway.url)
  await waitFor(() => callsOf(gateway).filter((call) => call.startsWith('POST')).length === 2)
  const [, beat, again] = gateway.heard
  expect([beat!.call.slice(0, 3), again!.call]).toEqual(['PUT', 'POST /_farp/v1/register'])
  expect(again!.body).toHaveProperty('manifest')
})

test('registers again when the gateway holds other routes, less and less often while it does not help', async () => {
  await using gateway = await startGateway()
  gateway.answer = () => ({ body: { routes_checksum: '', schemas_applied: 0 } })
  register(orders(), gateway.url, { heartbeat: 10, retryMax: 10_000 })
  await waitFor(() => gateway.heard.length >= 20)
  const again = callsOf(gateway).filter((call) => call.startsWith('POST')).length
  expect(again).toBeGreaterThan(1)
  // Every heartbeat would be ten.
  expect(again).toBeLessThan(8)
})

test('tells a change at once, not with the next heartbeat', async () => {
  await using gateway = await startGateway()
  const service = orders()
  await register(service, gateway.url, { heartbeat: 60_000 }).registered
  service.update({ status: 'draining' })
  await waitFor(() => gateway.heard.length === 2)
  expect(gateway.heard[1]!.body).toMatchObject({ manifest: { instance: { status: 'draining' } } })
})

describe('tries again, and never throws', () => {
  test.each([
    ['a refusal', () => ({ status: 401 })],
    ['a failure', () => ({ status: 503, body: 'no' })],
    ['a redirect', () => ({ status: 307, location: 'http://127.0.0.1:1/' })],
    ['silence', () => 'hang' as const],
  ])('after %s', async (_name, answer) => {
    await using gateway = await startGateway()
    gateway.answer = answer
    const service = orders()
    const registration = register(service, gateway.url, { timeout: 30 })
    await waitFor(() => callsOf(gateway).filter((call) => call.startsWith('POST')).length >= 3)
    gateway.answer = accept
    expect(await registration.registered).toBe(true)
    expect(JSON.stringify(log.map(({ message, error }) => [message, String(error)]))).not.toContain('t0ken')
    expect(log.map(({ level }) => level)).toContain('warn')
  })

  test('while nobody listens, and ends when it is closed', async () => {
    const port = await closedPort()
    const service = orders()
    const registration = register(service, `http://127.0.0.1:${port}`)
    await waitFor(() => log.length >= 3)
    await registration.close()
    expect(await registration.registered).toBe(false)
  })

  test('a schema that is not there yet is no registration', async () => {
    await using gateway = await startGateway()
    let isReady = false
    const openapi = (): object => {
      if (!isReady) throw new Error('not yet')
      return { openapi: '3.1.0', paths: {} }
    }
    const registration = register(orders({ openapi }), gateway.url)
    await waitFor(() => log.length >= 2)
    expect(gateway.heard).toEqual([])
    isReady = true
    expect(await registration.registered).toBe(true)
  })

  test('a schema that never comes does not hold up the end', async () => {
    const service = orders({ openapi: () => new Promise<object>(() => undefined) })
    const registration = register(service, `http://127.0.0.1:${await closedPort()}`)
    await service.close()
    expect(await registration.registered).toBe(false)
  })

  test('a gateway that does not answer the farewell does not hold it up for longer than a call', async () => {
    await using gateway = await startGateway()
    const service = orders()
    await register(service, gateway.url, { timeout: 30 }).registered
    gateway.answer = () => 'hang'
    await service.close()
    expect(log.at(-1)!.message).toBe('the gateway did not answer the deregistration')
  })
})

test('options that cannot work are refused at once', () => {
  const service = orders()
  expect(() => service.register({ gateway: 'gateway:9090' })).toThrow(/gateway must be a URL/)
  expect(() => service.register({ gateway: 'http://u:p@gateway' })).toThrow(/credentials/)
  expect(() => service.register({ gateway: 'http://gateway' })).toThrow(/where the service listens/)
})

test('waits double up to the most, each a fifth shorter or longer', () => {
  const backOff = new BackOff(2000, 60_000)
  for (const usual of [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
    const ms = backOff.next()
    expect(ms).toBeGreaterThanOrEqual(usual * 0.8)
    expect(ms).toBeLessThanOrEqual(usual * 1.2)
  }
  backOff.reset()
  expect(backOff.next()).toBeLessThanOrEqual(2400)
})
