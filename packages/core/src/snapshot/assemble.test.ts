import { expect, it } from 'vitest'
import { createGateway } from '../gateway.ts'
import type { RouteSource } from './source.ts'
import type { RouteSet } from './route-set.ts'

const set = (service: string, upstream: string, origin: string, path: string): RouteSet => ({
  service,
  version: '1',
  routes: [{ path, upstream }],
  upstreams: { [upstream]: { endpoints: [origin] } },
})

it('[R20] owners, names, hosts and paths that read alike when joined stay apart', async () => {
  const source: RouteSource = {
    name: 'scripted',
    async *watch({ signal }) {
      yield [set('a', 'b:c', 'http://one.test', '/one'), set('a:b', 'c', 'http://two.test', '/two')]
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    },
  }
  await using gateway = createGateway({
    upstreams: { c: ['http://three.test'], 'b:c': ['http://four.test'], bc: ['http://five.test'] },
    routes: [
      { path: '/three', upstream: 'c' },
      { path: '/four', upstream: 'b:c' },
      { host: 'ab', path: '/c', upstream: 'bc' },
      { host: 'a', path: '/bc', upstream: 'c' },
    ],
    sources: [source],
    fetch: async (input) => new Response(String(input)),
  })
  await gateway.synced
  const origin = async (url: string): Promise<string> => {
    const response = await gateway.fetch(new Request(url))
    return response.status === 200 ? new URL(await response.text()).hostname : String(response.status)
  }
  for (const name of ['one', 'two', 'three', 'four']) expect(await origin(`http://gateway.test/${name}`)).toBe(`${name}.test`)
  expect(await origin('http://ab/c')).toBe('five.test')
  expect(await origin('http://a/bc')).toBe('three.test')
  expect(await origin('http://abc/')).toBe('404')
})
