import { ApiFailure, type KubernetesClient } from '@octopus-gateway/kubernetes-client'
import { clientFor, cluster, mirrored, SERVICES, type Mirrored } from './cluster.ts'
import { describe, expect, test } from 'vitest'
import type { ServerResponse } from 'node:http'
import { waitFor, type KubernetesApi, type KubernetesService } from '@octopus-gateway/testing'

const service = (name: string): KubernetesService => ({ name, endpoints: [] })

const asked = ({ requests }: KubernetesApi, verb: string): KubernetesApi['requests'] => requests.filter((one) => one.verb === verb)

/** A mirror that is complete and watches. */
async function watching(api: KubernetesApi, client: KubernetesClient): Promise<Mirrored> {
  const mirror = mirrored(client)
  await waitFor(() => asked(api, 'watch').length === 1)
  return mirror
}

/** A server with an empty list, whose watches are answered like this, and how often it was asked for both. */
async function answering(answer: (watch: ServerResponse) => void): Promise<{ readonly client: KubernetesClient; readonly asked: Asked }> {
  const asked = { lists: 0, watches: 0 }
  const client = await clientFor(({ url = '' }, response) => {
    const isWatch = url.includes('watch=true')
    asked[isWatch ? 'watches' : 'lists'] += 1
    if (isWatch) answer(response)
    else response.end('{"items":[],"metadata":{"resourceVersion":"1"}}')
  })
  return { client, asked }
}

interface Asked {
  readonly lists: number
  readonly watches: number
}

describe('lists', () => {
  test('of many are read in pages, all of one revision', async () => {
    const { api, client } = await cluster()
    for (let i = 0; i < 1201; i++) api.putService(service(`s${i}`))
    const { objects } = await watching(api, client)
    expect(objects.size).toBe(1201)
    expect(asked(api, 'list').map(({ query }) => [query['limit'], query['continue'] !== undefined])).toEqual([
      ['500', false],
      ['500', true],
      ['500', true],
    ])
  })

  test('whose pages are forgotten while they are read begin again, once', async () => {
    const page = (name: string, next?: string): string =>
      JSON.stringify({ items: [{ metadata: { name, namespace: 'default' } }], metadata: { resourceVersion: '1', continue: next } })
    const clientTold = (...pages: readonly (string | 410)[]): Promise<KubernetesClient> => {
      const left = [...pages]
      return clientFor(({ url = '' }, response) => {
        if (url.includes('watch=true')) return
        const next = left.shift()
        if (typeof next === 'string') response.end(next)
        // What a program in between has to say about it, at length, hides no status.
        else response.writeHead(410).end('x'.repeat(20_000))
      })
    }
    const mirror = mirrored(await clientTold(page('old', 'a'), 410, page('new', 'b'), page('last')))
    await waitFor(() => mirror.lists === 1)
    expect(mirror.keys()).toEqual(['last', 'new'])
    expect(await mirrored(await clientTold(page('old', 'a'), 410, page('new', 'b'), 410)).over).toMatchObject({ status: 410 })
  })

  test('select by labels, and ask for nothing but metadata where that is enough', async () => {
    const { api, client } = await cluster()
    api.putService({ ...service('users'), labels: { team: 'a' } })
    api.putService({ ...service('orders'), labels: { team: 'b' } })
    const { keys, objects } = mirrored(client, { labelSelector: 'team=a', metadataOnly: true })
    await waitFor(() => asked(api, 'watch').length > 0)
    api.putService({ ...service('stock'), labels: { team: 'a' } })
    await waitFor(() => keys().join() === 'stock,users')
    for (const object of objects.values()) expect(object).not.toHaveProperty('spec')
  })

  test('whose pages have no end are a failure', async () => {
    let pages = 0
    const client = await clientFor((_, response) => {
      pages += 1
      response.end('{"items":[],"metadata":{"resourceVersion":"1","continue":"again"}}')
    })
    expect(await mirrored(client).over).toMatchObject({ message: expect.stringMatching(/with page after page, and no last one/) })
    expect(pages).toBe(2_000)
  })

  test('that are none are a failure', async () => {
    const client = await clientFor((_, response) => void response.end('{}'))
    expect(await mirrored(client).over).toMatchObject({
      message: `GET ${SERVICES} answered with no list; check that the address is that of a Kubernetes API.`,
    })
  })

  test('hold whatever the server sends: what has no name is passed over', async () => {
    const strange = [null, 7, 'x', [], {}, { metadata: null }, { metadata: { name: 7, namespace: 'shop' } }, { metadata: { name: 'x' } }]
    const good = { metadata: { name: 'good', namespace: 'default', resourceVersion: '2' } }
    const client = await clientFor(({ url = '' }, response) => {
      if (!url.includes('watch=true')) response.end(JSON.stringify({ items: [...strange, good], metadata: { resourceVersion: '1' } }))
      else
        for (const object of [...strange, { metadata: { ...good.metadata, name: 'later' } }])
          for (const type of ['DELETED', 'ADDED']) response.write(`${JSON.stringify({ type, object })}\nnull\n`)
    })
    const { keys } = mirrored(client)
    await waitFor(() => keys().join() === 'good,later')
  })
})

describe('watches', () => {
  test('tell what comes, changes and goes', async () => {
    const { api, client } = await cluster()
    api.putService(service('users'))
    const { keys, objects } = await watching(api, client)
    api.putService(service('orders'))
    await waitFor(() => keys().join() === 'orders,users')
    api.putService({ ...service('users'), annotations: { a: 'b' } })
    await waitFor(() => expect(objects.get('default/users')).toMatchObject({ metadata: { annotations: { a: 'b' } } }))
    api.deleteService('users')
    await waitFor(() => keys().join() === 'orders')
  })

  test('that end go on where they were, without another list', async () => {
    const { api, client } = await cluster()
    const { objects } = await watching(api, client)
    for (let round = 1; round <= 3; round++) {
      api.endWatches()
      api.putService(service(`more-${round}`))
      await waitFor(() => objects.size === round)
    }
    expect(asked(api, 'list')).toHaveLength(1)
    const queries = asked(api, 'watch').map(({ query }) => query)
    expect(queries.every((query) => query['allowWatchBookmarks'] === 'true')).toBe(true)
    const spans = queries.map((query) => Number(query['timeoutSeconds']))
    expect(spans.every((seconds) => seconds >= 300 && seconds <= 600)).toBe(true)
    expect(new Set(spans).size).toBeGreaterThan(1)
  })

  test('go on from a bookmark, though nothing of their own has changed', async () => {
    const { api, client } = await cluster()
    api.putService(service('users'))
    const mirror = await watching(api, client)
    for (let i = 0; i < 50; i++) api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'busy' }, data: { i: String(i) } })
    api.bookmark()
    const from = Number(asked(api, 'watch')[0]!.query['resourceVersion'])
    api.endWatches()
    await waitFor(() => asked(api, 'watch').length === 2)
    expect(Number(asked(api, 'watch')[1]!.query['resourceVersion'])).toBe(from + 50)
    expect([mirror.isOver, mirror.lists]).toEqual([false, 1])
  })

  test('whose history is gone (410) begin with a list, and nothing is missed or kept by it', async () => {
    const { api, client } = await cluster()
    for (const name of ['users', 'orders']) api.putService(service(name))
    const mirror = await watching(api, client)
    // While no watch is open, one goes, one comes, and the history of it is forgotten.
    api.endWatches()
    api.deleteService('orders')
    api.putService(service('stock'))
    api.compact()
    await waitFor(() => mirror.keys().join() === 'stock,users')
    expect(mirror.lists).toBe(2)
    // And while it is open.
    await waitFor(() => asked(api, 'watch').length === 3)
    api.compact()
    api.putService(service('later'))
    await waitFor(() => mirror.keys().join() === 'later,stock,users')
    await waitFor(() => mirror.lists === 3)
    expect(mirror.isOver).toBe(false)
  })

  test('that are refused because of that (410, at their head) begin with a list as well', async () => {
    const { api, client } = await cluster()
    api.putService(service('users'))
    const mirror = await watching(api, client)
    api.fail('watch', 410, 2)
    api.endWatches()
    api.putService(service('orders'))
    await waitFor(() => mirror.lists === 3)
    await waitFor(() => asked(api, 'watch').length === 4)
    api.putService(service('stock'))
    await waitFor(() => mirror.keys().join() === 'orders,stock,users')
    expect([mirror.isOver, mirror.lists]).toEqual([false, 3])
  })

  test('whose connections break are made anew', async () => {
    const { api, client } = await cluster()
    api.putService(service('users'))
    const { keys } = await watching(api, client)
    await api.stop()
    await api.start()
    api.putService(service('orders'))
    await waitFor(() => keys().join() === 'orders,users')
    expect(asked(api, 'list')).toHaveLength(1)
  })

  test('that end at once are not asked for all the time', async () => {
    const { api, client } = await cluster({ longestWatch: 1 })
    await watching(api, client)
    const begin = performance.now()
    await waitFor(() => performance.now() - begin > 1_000)
    expect(asked(api, 'watch').length).toBeLessThan(10)
  })

  test('that the server ends with a reason are over, and it is told', async () => {
    const status = { kind: 'Status', code: 500, message: 'etcd is\u001b[31m gone' }
    const { client } = await answering((watch) => watch.write(`${JSON.stringify({ type: 'ERROR', object: status })}\n`))
    const reason = await mirrored(client).over
    expect(reason).toBeInstanceOf(ApiFailure)
    expect(reason).toMatchObject({
      status: 500,
      message: `The Kubernetes API at ${client.host} has ended the watch of ${SERVICES}: etcd is [31m gone.`,
    })
  })

  test.each<[string, (watch: ServerResponse) => void, string]>([
    ['no JSON', (watch) => watch.write('{"type":\n'), `answered GET ${SERVICES} with something that is not JSON: is this Kubernetes?`],
    ['a line of 5 MB', (watch) => watch.write('x'.repeat(5 * 1024 * 1024)), 'answers with a line of more than 4194304 bytes.'],
  ])('that say %s are over, and nobody goes on behind that', async (_, say, expected) => {
    const { client, asked } = await answering(say)
    expect(await mirrored(client).over).toMatchObject({ message: `The Kubernetes API at ${client.host} ${expected}` })
    expect(asked).toEqual({ lists: 1, watches: 1 })
  })

  test('that break one after another and tell nothing are over; those that tell something go on', async () => {
    const breaking: [(watch: ServerResponse) => void, RegExp][] = [
      [(watch) => watch.write('{"type":', () => watch.destroy()), / cannot be reached \(/],
      // Programs in between end what lasts too long in order.
      [(watch) => watch.end('{"type":'), / has ended its answer in the middle of a line\.$/],
    ]
    for (const [say, message] of breaking) {
      const half = await answering(say)
      expect(await mirrored(half.client).over).toMatchObject({ message: expect.stringMatching(message) })
      expect(half.asked).toEqual({ lists: 1, watches: 4 })
    }
    let revision = 1
    const { client, asked } = await answering((watch) => {
      const metadata = { name: 'users', namespace: 'default', resourceVersion: String((revision += 1)) }
      const begin = `${JSON.stringify({ type: 'MODIFIED', object: { metadata } })}\n{"type":`
      if (revision % 2 === 0) watch.end(begin)
      else watch.write(begin, () => watch.destroy())
    })
    const mirror = mirrored(client)
    await waitFor(() => asked.watches >= 6)
    expect([mirror.isOver, mirror.lists]).toEqual([false, 1])
  })
})

test('a fault of whoever is told is no broken connection: it is told', async () => {
  const { api, client } = await cluster()
  const fault = new TypeError('a fault')
  const mirror = mirrored(client, {
    put: () => {
      throw fault
    },
  })
  await waitFor(() => asked(api, 'watch').length === 1)
  api.putService(service('users'))
  expect(await mirror.over).toBe(fault)
})

describe('what the roles do not allow', () => {
  test('is a failure that says what to grant', async () => {
    const { api, client } = await cluster()
    api.fail('list', 403, 1)
    const reason = await mirrored(client).over
    expect(reason).toMatchObject({
      name: 'ApiFailure',
      status: 403,
      message: `The Kubernetes API at ${client.host} forbids GET ${SERVICES} (403 Forbidden: told to fail); grant list and watch on services with a Role and its RoleBinding.`,
    })
  })

  test('or an empty collection, for those who can do without', async () => {
    const { api, client } = await cluster()
    api.putService(service('users'))
    let refusals = 0
    const mirror = mirrored(client, { forbidden: () => void (refusals += 1) })
    await waitFor(() => asked(api, 'watch').length === 1)
    expect([mirror.keys(), refusals]).toEqual([['users'], 0])
    api.fail('watch', 403, 1)
    api.endWatches()
    await waitFor(() => refusals === 1)
    expect([mirror.keys(), mirror.lists, mirror.isOver]).toEqual([[], 2, false])
  })

  test('which is asked for again, and followed as soon as the roles allow it', async () => {
    const { api, client } = await cluster()
    api.putService(service('users'))
    api.fail('list', 403, 3)
    let refusals = 0
    const mirror = mirrored(client, { forbidden: () => void (refusals += 1), forbiddenPause: 1 })
    await waitFor(() => mirror.keys().join() === 'users')
    await waitFor(() => asked(api, 'watch').length === 1)
    api.putService(service('orders'))
    await waitFor(() => mirror.keys().join() === 'orders,users')
    expect([refusals, asked(api, 'list').length, mirror.isOver]).toEqual([3, 4, false])
  })

  test('is no excuse for another failure', async () => {
    const { api, client } = await cluster()
    api.fail('list', 500, 1)
    expect(await mirrored(client, { forbidden: () => undefined }).over).toMatchObject({ status: 500 })
  })
})
