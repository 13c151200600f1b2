import { describe, expect, it } from 'vitest'
import { createGateway } from '../../gateway.ts'
import { healthIssues, healthPolicy } from '../health.ts'
import type { OwnHealthSettings } from '../health.ts'

const pathsOf = (settings: unknown): string[] => healthIssues(settings as OwnHealthSettings, 'up').map(({ path }) => path)

describe('settings of health', () => {
  it('have these defaults', () => {
    expect(healthPolicy([])).toEqual({
      breaker: { failureThreshold: 5, timeout: 60_000, halfOpenRequests: 1 },
      outliers: null,
      concurrency: null,
      check: null,
    })
    expect(healthPolicy([{ outlierDetection: {}, concurrency: { max: 7 }, healthCheck: {} }])).toMatchObject({
      outliers: { consecutiveFailures: 5, failureRate: null, interval: 10_000, baseEjection: 30_000, maxEjected: 10 },
      concurrency: { max: 7, queue: 7, queueTimeout: 1_000 },
      check: {
        type: 'http',
        path: '/health',
        interval: 10_000,
        timeout: 2_000,
        healthyThreshold: 2,
        unhealthyThreshold: 3,
        statuses: [[200, 399]],
        body: null,
      },
    })
  })

  it('are taken from the closest place, key by key', () => {
    const near: OwnHealthSettings = { circuitBreaker: { timeout: '5s' }, concurrency: { max: 1 }, outlierDetection: { maxEjected: 50 } }
    const far: OwnHealthSettings = {
      circuitBreaker: { timeout: '9s', failureThreshold: Infinity },
      concurrency: { max: 2, queue: 3 },
      outlierDetection: { failureRate: { threshold: 60 }, interval: '1s' },
    }
    expect(healthPolicy([near, far])).toEqual({
      breaker: { failureThreshold: Infinity, timeout: 5_000, halfOpenRequests: 1 },
      outliers: {
        consecutiveFailures: 5,
        failureRate: { threshold: 60, minRequests: 20 },
        interval: 1_000,
        baseEjection: 30_000,
        maxEjected: 50,
      },
      concurrency: { max: 1, queue: 3, queueTimeout: 1_000 },
      check: null,
    })
    expect(healthPolicy([{ concurrency: { max: Infinity } }, far]).concurrency).toBeNull()
  })

  it.each([
    [{ circuitBreaker: { failureThreshold: 0, timeout: 0, halfOpenRequests: 1.5 } }, ['failureThreshold', 'timeout', 'halfOpenRequests']],
    [{ circuitBreaker: { timeout: '1 minute' } }, ['timeout']],
    [{ circuitBreaker: { timeout: '1000h' } }, ['timeout']],
    [
      { outlierDetection: { consecutiveFailures: -1, failureRate: { threshold: 0, minRequests: 0 }, maxEjected: 101 } },
      ['consecutiveFailures', 'failureRate.threshold', 'failureRate.minRequests', 'maxEjected'],
    ],
    [{ outlierDetection: { interval: 0, baseEjection: NaN } }, ['interval', 'baseEjection']],
    [{ concurrency: {} }, ['']],
    [{ concurrency: { max: 0, queue: Infinity, queueTimeout: -1 } }, ['max', 'queue', 'queueTimeout']],
    [{ healthCheck: { type: 'ping' } }, ['type']],
    [{ healthCheck: { type: 'tcp', path: '/x', service: 'y' } }, ['path', 'service']],
    [{ healthCheck: { path: 'health' } }, ['path']],
    [{ healthCheck: { path: '/a b' } }, ['path']],
    [{ healthCheck: { statuses: [] } }, ['statuses']],
    [{ healthCheck: { statuses: '399-200' } }, ['statuses']],
    [
      { healthCheck: { body: '', interval: 0, timeout: 'x', healthyThreshold: 0, unhealthyThreshold: 0 } },
      ['body', 'interval', 'timeout', 'healthyThreshold', 'unhealthyThreshold'],
    ],
  ])('%j is refused where it is wrong', (settings, wrong) => {
    const [kind] = Object.keys(settings)
    expect(pathsOf(settings)).toEqual(wrong.map((key) => (key === '' ? `up.${kind}` : `up.${kind}.${key}`)))
  })

  it.each([
    [{ circuitBreaker: { failureThreshold: Infinity } }],
    [{ concurrency: { max: 1, queue: 0 } }],
    [{ healthCheck: { type: 'grpc', service: 'shop.Orders' } }],
    [{ healthCheck: { path: '/up?deep=1', statuses: [204, '400-404'], body: 'ok' } }],
  ])('%j is fine', (settings) => void expect(pathsOf(settings)).toEqual([]))

  it('are looked at in `routing`, too', async () => {
    const gateway = createGateway({ routing: { circuitBreaker: { failureThreshold: 0 } } })
    await expect(gateway.ready).rejects.toMatchObject({ issues: [{ path: 'routing.circuitBreaker.failureThreshold' }] })
  })
})
