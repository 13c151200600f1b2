import { expect, test } from 'vitest'
import { fetcherWhere, startSite } from './support/site.ts'
import { openapiOf, waitFor } from '@octopus-gateway/testing'
import { record } from '../src/testing/harness.ts'
import { startRunning } from './support/running.ts'
import { vectors } from '../src/testing/vectors.ts'

interface Vector {
  readonly name: string
  readonly manifest_json_text: string
  readonly gateway_expected: string
}

const openapi = openapiOf('Users', ['GET /users'])

/** Accepted, without a schema that could be used. */
const WITHOUT_SCHEMA: ReadonlySet<string> = new Set([
  'bad-schema-type',
  'bad-location-type',
  'http-without-url',
  'registry-without-path',
  'proto-pollution',
])

test.each(vectors<readonly Vector[]>('manifest-validation'))(
  '[F13.every-vector] manifest $name through a gateway',
  async ({ name, manifest_json_text: text, gateway_expected: expected }) => {
    const service = await startSite((path) => {
      const documents: Readonly<Record<string, unknown>> = { '/_farp/manifest': text, '/openapi.json': openapi, '/users': { path } }
      return Object.hasOwn(documents, path) ? { body: documents[path] } : undefined
    })
    const looks = (): number => service.requests.filter(({ url }) => url === '/_farp/manifest').length
    const running = await startRunning({
      registries: { static: [record('user-service', service.port)] },
      farp: { fetcher: fetcherWhere({}) },
    })
    const set = running.set('user-service')!
    const refused = /^reject:(\w+)/.exec(expected)?.[1]
    // The record says where the instance is: of all the reasons the one that does not hold here.
    if (refused === undefined || name === 'instance-no-address') {
      expect(set.instances).toMatchObject([{ status: 'serving', manifest: 'ok' }])
      if (expected === 'accept_with_warnings') expect(set.findings).not.toEqual([])
      if (WITHOUT_SCHEMA.has(name)) expect(set.routes).toEqual([])
      else expect(await running.json('/user-service/users')).toEqual({ path: '/users' })
    } else {
      expect(running.codes('user-service')).toContain(refused)
      expect(set).toMatchObject({ routes: [], instances: [{ manifest: 'failed' }] })
    }
    // Whatever it says, it is asked again.
    const before = looks()
    await waitFor(() => looks() > before)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  },
)
