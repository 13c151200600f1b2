import { closedPort, garbage, hang, resetBeforeHead, slowBody, testCertificates } from '@octopus-gateway/testing'
import { createSecureServer, createServer } from 'node:http2'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fullBacklog } from '../lanes/support/full-backlog.ts'
import { healthService } from './support/health-service.ts'
import { NodeProber } from '../../src/health/prober.ts'
import { once } from 'node:events'
import { pythonHealthService } from './support/python-health-service.ts'
import { rawOrigin, service } from '../support/upstreams.ts'
import { requirePythonModule } from '../../../../tests/support/components.ts'
import type { AddressInfo } from 'node:net'
import type { Http2SecureServer, Http2Server, ServerHttp2Session } from 'node:http2'
import type { Probe, ProbeResult } from '@octopus-gateway/core/lane'
import type { UpstreamTls } from '@octopus-gateway/core'

const python = requirePythonModule('grpc')
const CA: UpstreamTls = { ca: testCertificates().ca }

/** One probe, as a gateway would make it, with a second's time. */
async function probe(
  origin: string,
  check: Partial<Probe['check']> = {},
  transport: Partial<Probe['transport']> = {},
): Promise<ProbeResult> {
  const prober = new NodeProber()
  onTestFinished(() => prober.close())
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), 1_000)
  const wanted: Probe = {
    endpoint: { id: origin, origin, weight: 1, labels: {} },
    transport: { protocol: 'auto', tls: null, ...transport },
    check: {
      type: 'http',
      path: '/health',
      interval: 10_000,
      timeout: 1_000,
      healthyThreshold: 2,
      unhealthyThreshold: 3,
      statuses: [[200, 399]],
      body: null,
      service: '',
      ...check,
    },
  }
  try {
    return await prober.probe(wanted, patience.signal)
  } catch (thrown) {
    return { isGood: false, reason: (thrown as Error).message }
  } finally {
    clearTimeout(timer)
  }
}

async function http2Origin(server: Http2Server | Http2SecureServer, scheme: string): Promise<string> {
  const sessions: ServerHttp2Session[] = []
  server.on('session', (session: ServerHttp2Session) => sessions.push(session))
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 })
    stream.end('up over h2')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const session of sessions) session.destroy()
  })
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a check by HTTP', () => {
  it('asks for its path with GET, and judges by the status', async () => {
    let answer = 200
    const up = await service((_request, response) => void response.writeHead(answer).end())
    expect(await probe(up.origin, { path: '/up?deep=1' })).toEqual({ isGood: true, reason: 'status 200' })
    expect(up.requests[0]).toMatchObject({ method: 'GET', url: '/up?deep=1' })
    expect(up.requests[0]!.header('host')).toBe(up.origin.slice('http://'.length))
    expect(up.requests[0]!.header('user-agent')).toBe('octopus-health-check')
    answer = 503
    expect(await probe(up.origin)).toEqual({ isGood: false, reason: 'status 503' })
    expect(
      await probe(up.origin, {
        statuses: [
          [200, 200],
          [503, 503],
        ],
      }),
    ).toEqual({ isGood: true, reason: 'status 503' })
    answer = 301
    expect(await probe(up.origin)).toEqual({ isGood: true, reason: 'status 301' })
    expect(up.count).toBe(4)
  })

  it('looks for a text in the beginning of the body, and at no more of it', async () => {
    const up = await service((request, response) => {
      const text = request.url === '/late' ? `${'x'.repeat(70_000)}ready` : request.url === '/not' ? 'starting' : 'all is ready'
      response.end(text)
    })
    expect((await probe(up.origin, { body: 'ready' })).isGood).toBe(true)
    expect(await probe(up.origin, { body: 'ready', path: '/not' })).toEqual({
      isGood: false,
      reason: 'status 200, and the body lacks the text',
    })
    expect((await probe(up.origin, { body: 'ready', path: '/late' })).isGood).toBe(false)
  })

  it('does not wait for a body that nobody asked about', async () => {
    const endless = await rawOrigin(slowBody({ endless: true, every: 50 }))
    expect((await probe(endless.origin)).isGood).toBe(true)
    expect((await probe(endless.origin, { body: 'never' })).isGood).toBe(false)
  })

  it('calls everything else bad, with the reason', async () => {
    expect(await probe(`http://127.0.0.1:${await closedPort()}`)).toMatchObject({
      isGood: false,
      reason: expect.stringContaining('ECONNREFUSED') as string,
    })
    expect((await probe((await rawOrigin(resetBeforeHead())).origin)).isGood).toBe(false)
    expect((await probe((await rawOrigin(garbage())).origin)).isGood).toBe(false)
    expect((await probe((await rawOrigin(hang())).origin)).isGood).toBe(false)
  })

  it('speaks what the upstream speaks: HTTP/2 known beforehand, and over TLS with its trust', async () => {
    expect((await probe(await http2Origin(createServer(), 'http'), { body: 'over h2' }, { protocol: 'h2c' })).isGood).toBe(true)
    const secure = await http2Origin(createSecureServer(testCertificates().server), 'https')
    expect((await probe(secure, { body: 'over h2' }, { protocol: 'h2', tls: CA })).isGood).toBe(true)
    expect(await probe(secure, {}, { protocol: 'h2' })).toMatchObject({
      isGood: false,
      reason: expect.stringMatching(/certificate|signed/i) as string,
    })
  })
})

describe('a check by TCP', () => {
  it('is content with a connection, also where TLS would be spoken', async () => {
    const silent = await rawOrigin(hang())
    expect(await probe(silent.origin, { type: 'tcp' })).toEqual({ isGood: true, reason: 'connected' })
    expect((await probe(silent.origin.replace('http:', 'https:'), { type: 'tcp' }, { tls: CA })).isGood).toBe(true)
    expect(await probe(`http://127.0.0.1:${await closedPort()}`, { type: 'tcp' })).toMatchObject({ isGood: false })
  })

  it('gives up where nobody answers', async () => {
    const { origin } = await fullBacklog()
    expect(await probe(origin, { type: 'tcp', timeout: 100 })).toMatchObject({
      isGood: false,
      reason: expect.stringContaining('100 ms') as string,
    })
  })
})

describe('a check by grpc.health.v1', () => {
  it('asks a server of @grpc/grpc-js, for it as a whole and for one service', async () => {
    const long = `shop.${'x'.repeat(200)}`
    const { origin, asked } = await healthService({ '': 1, 'shop.Orders': 2, 'shop.Unset': 0, [long]: 1 })
    expect(await probe(origin, { type: 'grpc' })).toEqual({ isGood: true, reason: 'SERVING' })
    expect(await probe(origin, { type: 'grpc', service: 'shop.Orders' })).toEqual({ isGood: false, reason: 'NOT_SERVING' })
    expect(await probe(origin, { type: 'grpc', service: 'shop.Unset' })).toEqual({ isGood: false, reason: 'UNKNOWN' })
    expect(await probe(origin, { type: 'grpc', service: long })).toEqual({ isGood: true, reason: 'SERVING' })
    expect(await probe(origin, { type: 'grpc', service: 'shop.Nobody' })).toEqual({ isGood: false, reason: 'gRPC status 5' })
    expect(asked).toEqual(['', 'shop.Orders', 'shop.Unset', long, 'shop.Nobody'])
  })

  it('does so over TLS', async () => {
    const { origin } = await healthService({ '': 1 }, { tls: true })
    expect(await probe(origin, { type: 'grpc' }, { tls: CA })).toEqual({ isGood: true, reason: 'SERVING' })
    expect((await probe(origin, { type: 'grpc' })).isGood).toBe(false)
  })

  it('calls bad what has no such service, or speaks no gRPC', async () => {
    const { origin } = await healthService({})
    expect(await probe(origin, { type: 'grpc' })).toEqual({ isGood: false, reason: 'gRPC status 5' })
    expect((await probe((await service()).origin, { type: 'grpc' })).isGood).toBe(false)
    expect((await probe(await http2Origin(createServer(), 'http'), { type: 'grpc' })).reason).toMatch(/without the trailers/)
  })

  it.skipIf(python === undefined)('asks a server of grpcio', async () => {
    const { origin } = await pythonHealthService(python!, { '': 1, 'shop.Orders': 2 })
    expect(await probe(origin, { type: 'grpc' })).toEqual({ isGood: true, reason: 'SERVING' })
    expect(await probe(origin, { type: 'grpc', service: 'shop.Orders' })).toEqual({ isGood: false, reason: 'NOT_SERVING' })
    expect(await probe(origin, { type: 'grpc', service: 'shop.Nobody' })).toEqual({ isGood: false, reason: 'gRPC status 5' })
  })
})
