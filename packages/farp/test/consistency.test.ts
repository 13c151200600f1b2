import { createGateway } from '@octopus-gateway/core'
import { createHash } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { farp } from '@octopus-gateway/farp'
import { openapiOf, startFarpService, waitFor } from '@octopus-gateway/testing'
import type { DiscoveryProvider, Gateway } from '@octopus-gateway/core'
import type { FarpOptions } from '@octopus-gateway/farp'
import type { FarpService } from '@octopus-gateway/testing'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const openapi = openapiOf('Users', ['GET /users'])
const hash = sha256(JSON.stringify(openapi))
/** Of a manifest with one schema. */
const checksum = sha256(hash)

const expecting = (expected: string): Record<string, unknown> => ({
  checksum,
  schemas: [{ type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: '/openapi.json' }, hash }],
  instance: { address: '', status: 'healthy', expected_schema_checksum: expected },
})

async function instance(instanceId: string, expected: string): Promise<FarpService> {
  const service = await startFarpService({ name: 'users', instanceId, openapi, manifest: expecting(expected) })
  onTestFinished(() => service.stop())
  return service
}

async function gatewayOf(services: readonly FarpService[], options: FarpOptions = {}): Promise<Gateway> {
  const records = services.map(({ name, instanceId: id, port }) => ({
    id,
    service: name,
    host: '127.0.0.1',
    port,
    secure: false,
    ready: true,
    weight: 1,
    metadata: {},
  }))
  const registry: DiscoveryProvider = {
    name: 'static',
    async *watch(signal) {
      yield records
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    },
  }
  const gateway = createGateway({ discovery: [registry], sources: [farp({ watchInterval: '20ms', ...options })] })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  await gateway.synced
  return gateway
}

const statuses = (gateway: Gateway): Record<string, string> =>
  Object.fromEntries((gateway.snapshot.sets.get('farp')?.[0]?.instances ?? []).map(({ id, status }) => [id, status]))

const odd = (gateway: Gateway): (string | undefined)[] =>
  (gateway.snapshot.sets.get('farp')?.[0]?.findings ?? []).filter(({ code }) => code === 'EXPECTED_CHECKSUM').map((one) => one.instance)

test('an instance whose schemas are not those its deployment expects is told, and with enforce gets no requests', async () => {
  const services = [await instance('right', checksum.toUpperCase()), await instance('early', sha256('the next release'))]
  const told = await gatewayOf(services)
  await waitFor(() => statuses(told)['early'] === 'serving' && statuses(told)['right'] === 'serving')
  expect(odd(told)).toEqual(['early'])

  const enforced = await gatewayOf(services, { hashVerification: 'enforce' })
  await waitFor(() => statuses(enforced)['early'] === 'unexpected-checksum')
  for (let i = 0; i < 6; i++) expect(await (await enforced.request('/users/users')).json()).toMatchObject({ instance: 'right' })
  // Its deployment goes on.
  const [, early] = services
  early!.update({ manifest: expecting(checksum) })
  await waitFor(() => statuses(enforced)['early'] === 'serving')
  expect(odd(enforced)).toEqual([])
})
