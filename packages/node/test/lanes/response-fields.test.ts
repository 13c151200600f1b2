import { closedPort } from '@octopus-gateway/testing'
import { definePlugin } from '@octopus-gateway/core'
import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { service, to } from '../support/upstreams.ts'
import type { GatewayOptions, RouteDefinition } from '@octopus-gateway/core'

const FIELDS = { Deprecation: '@1688169599', sunset: 'Sun, 30 Jun 2030 23:59:59 GMT', Link: '</v2>; rel="successor-version"' }

function withFields(options: ReturnType<typeof to>, more: Partial<RouteDefinition> = {}): GatewayOptions {
  return { ...options, routes: options.routes.map((route) => ({ ...route, responseFields: FIELDS, ...more })) }
}

describeLanes('fields of a route', (lane) => {
  test('are in every answer, and requests to what is deprecated are counted', async () => {
    const up = await service()
    const { send, gateway } = await lane.start(withFields(to(up), { deprecated: true }))
    for (const method of ['GET', 'POST']) {
      const answer = await send({ method })
      expect([answer.status, answer.values('deprecation'), answer.values('sunset'), answer.values('link')]).toEqual([
        200,
        [FIELDS.Deprecation],
        [FIELDS.sunset],
        [FIELDS.Link],
      ])
    }
    expect(gateway.metrics.exposition()).toContain('octopus_deprecated_requests_total{service="",method="GET",route="/*"} 1\n')
  })

  test('give way to what the upstream says itself; a link is one of several', async () => {
    const up = await service((_request, response) => {
      response.setHeader('sunset', 'Mon, 01 Jan 2029 00:00:00 GMT')
      response.setHeader('link', '</docs>; rel="help"')
      response.end('ok')
    })
    const { send } = await lane.start(withFields(to(up)))
    const answer = await send({})
    expect(answer.values('sunset')).toEqual(['Mon, 01 Jan 2029 00:00:00 GMT'])
    expect(answer.values('deprecation')).toEqual([FIELDS.Deprecation])
    expect(answer.values('link').join(', ')).toBe(`</docs>; rel="help", ${FIELDS.Link}`)
  })

  test('are in answers that the gateway makes, and plugins have the last word', async () => {
    const plain = definePlugin({
      name: 'plain',
      config: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
      setup: () => ({ onResponse: (_ctx, head) => head.headers.delete('link') }),
    })
    const { send } = await lane.start(withFields(to({ origin: `http://127.0.0.1:${await closedPort()}` }), { plugins: [plain({})] }))
    const answer = await send({})
    expect([answer.status, answer.header('deprecation'), answer.header('link')]).toEqual([502, FIELDS.Deprecation, undefined])
  })

  test('that frame messages, or break them, are refused', async () => {
    const up = await service()
    for (const [name, value] of [
      ['content-length', '1'],
      ['x y', '1'],
      ['x-a', 'a\r\nb: c'],
      ['x-a', ''],
    ] as const) {
      await expect(lane.start(withFields(to(up), { responseFields: { [name]: value } })), name).rejects.toThrow(/responseFields|field/)
    }
  })
})
