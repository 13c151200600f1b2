import { describe, expect, test } from 'vitest'
import { join } from 'node:path'
import { manifests, objectsIn, rendered, VALUES } from '../support/deployments.ts'
import { OWNER, type OpenKubernetes } from '../support/registries/kubernetes.ts'
import { pathOf } from './servers/kubernetes.ts'
import { request } from 'node:https'
import { root } from '../support/process.ts'
import { testCertificates } from '@octopus-gateway/testing'
import type { Rendered } from '../support/helm.ts'

/** What an API server says to an object that it is to judge, and not to keep: refusals and warnings. */
function complaintsOf(url: string, object: Rendered): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const target = new URL(`${pathOf(object, object.metadata.namespace ?? 'shop')}?dryRun=All&fieldValidation=Strict`, url)
    const headers = { authorization: `Bearer ${OWNER}`, 'content-type': 'application/json', accept: 'application/json' }
    const asking = request(target, { method: 'POST', headers, ca: testCertificates().ca }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => (text += piece))
      response.on('end', () => {
        const warnings = [response.headers['warning'] ?? []].flat().map(String)
        const refusal = response.statusCode === 201 ? [] : [`${response.statusCode}: ${text}`]
        resolve([...refusal, ...warnings].map((complaint) => `${object.kind} ${object.metadata.name}: ${complaint}`))
      })
    })
    asking.on('error', reject)
    asking.end(JSON.stringify(object))
  })
}

/** What is in `deploy`, judged by the API server that is to take it. */
export function testDeployments(server: string, open: OpenKubernetes): void {
  describe(`the deployment on ${server}`, () => {
    test.each<[string, () => Rendered[]]>([
      ['the manifests', manifests],
      ['the example', () => objectsIn(join(root, 'examples/discovery-kubernetes/users.yaml'))],
      ...VALUES.map(([name, values]): [string, () => Rendered[]] => [`the chart with ${name}`, () => rendered(values)]),
    ])('is created without an error or a warning: %s', async (_, objects) => {
      await using api = await open()
      for (const namespace of ['shop', 'a', 'b']) await api.addNamespace(namespace)
      const complaints = await Promise.all(objects().map((object) => complaintsOf(api.url, object)))
      expect(complaints.flat()).toEqual([])
    })

    test('would be told of a field that does not exist, and of a value that does not fit', async () => {
      await using api = await open()
      await api.addNamespace('shop')
      const [account] = rendered().filter(({ kind }) => kind === 'ServiceAccount')
      const [deployment] = rendered({ replicas: -1 }).filter(({ kind }) => kind === 'Deployment')
      expect(await complaintsOf(api.url, { ...account!, automount: true })).toEqual([
        expect.stringContaining('unknown field \\"automount\\"'),
      ])
      expect(await complaintsOf(api.url, deployment!)).toEqual([expect.stringContaining('spec.replicas')])
    })
  })
}
