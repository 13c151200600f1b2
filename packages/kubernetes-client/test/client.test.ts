import { clientFor, clientOf, cluster, SERVICES } from './cluster.ts'
import { closedPort } from '@octopus-gateway/testing'
import { expect, test } from 'vitest'
import type { RequestListener } from 'node:http'

const { signal } = new AbortController()

const reasonOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'no reason',
    (thrown: Error) => thrown.message,
  )

test('what is there is read, with a query', async () => {
  const { api, client } = await cluster()
  api.putService({ name: 'users', endpoints: [] })
  expect(await client.get({ path: `${SERVICES}/users` }, signal)).toMatchObject({ kind: 'Service', metadata: { name: 'users' } })
  expect(await client.get({ path: SERVICES, query: { labelSelector: 'a=b' } }, signal)).toMatchObject({ items: [] })
  expect([client.host, client.namespace]).toEqual([new URL(api.url).host, 'default'])
})

test('a path in front of the API stays there', async () => {
  const asked: (string | undefined)[] = []
  const client = await clientFor(({ url }, response) => {
    asked.push(url)
    response.end('{}')
  }, '/k8s/clusters/c-1/')
  await client.get({ path: '/api/v1/pods' }, signal)
  expect(asked).toEqual(['/k8s/clusters/c-1/api/v1/pods'])
})

test('nobody there', async () => {
  const client = await clientOf(`http://127.0.0.1:${await closedPort()}`)
  expect(await reasonOf(client.get({ path: SERVICES }, signal))).toBe(
    `The Kubernetes API at ${client.host} cannot be reached (ECONNREFUSED): nobody listens there; check the address, and whether the API server runs.`,
  )
})

test.each<[string, RequestListener, RegExp]>([
  [
    'a server that is no Kubernetes',
    (_, response) => response.end('<html>'),
    /answered GET \S+ with something that is not JSON: is this Kubernetes\?$/,
  ],
  ['an unknown path', (_, response) => response.writeHead(404).end('no'), /knows no \S+ \(404\); it must be Kubernetes 1\.21 or newer/],
  [
    'a server that is ill',
    (_, response) => response.writeHead(503).end('{"message": "try\\u001b[31m"}'),
    /answered 503 to GET [^\u001b]*; it is asked again\.$/,
  ],
  ['an answer that breaks off', (_, response) => response.writeHead(200).write('{"items', () => response.destroy()), /cannot be reached/],
])('%s', async (_, listener, expected) => {
  expect(await reasonOf((await clientFor(listener)).get({ path: SERVICES }, signal))).toMatch(expected)
})
